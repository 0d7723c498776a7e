/** Client of a Netdata agent's API, which is reached through a UNIX socket (see bridge.js). */

import http from 'node:http';

import type { Alarm, ListedChart, Series } from './running_agent.ts';

export class AgentApi {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** Requests a path of the API and parses the JSON reply. */
  async get<T>(path: string): Promise<T> {
    const { status, text } = await this.request(path);
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
    return JSON.parse(text);
  }

  /** Requests a path, with POST if there is a body. */
  request(path: string, body?: string): Promise<{ readonly status: number; readonly text: string }> {
    const method = body === undefined ? 'GET' : 'POST';
    const options = { socketPath: this.#socket, path, method, headers: { Host: 'localhost' } };
    return new Promise((resolve, reject) => {
      const request = http.request(options, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  /** The ids of all charts. */
  async charts(): Promise<readonly string[]> {
    const { charts } = await this.get<{ charts: Record<string, ListedChart> }>('/api/v1/charts');
    return Object.keys(charts);
  }

  /** The points of a chart in the last seconds, newest first, by dimension. */
  async points(chart: string, seconds: number): Promise<readonly Readonly<Record<string, number | null>>[]> {
    const path = `/api/v1/data?chart=${chart}&after=-${seconds}&format=json&options=absolute`;
    const { data, labels } = await this.get<Series>(path);
    return data.map((row) => Object.fromEntries(labels.map((label, column) => [label, row[column] ?? null])));
  }

  /** The names of all alarms. */
  async alarms(): Promise<readonly string[]> {
    const { alarms } = await this.get<{ alarms: Record<string, Alarm> }>('/api/v1/alarms?all');
    return Object.values(alarms).map(({ name }) => name);
  }
}
