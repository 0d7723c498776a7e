/** The dashboard of an agent, in a browser that runs in the agent's network namespace. */

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';

import { AGENT_URL } from './running_agent.ts';

/** Height of the bar and the headings above the first chart, in pixels. */
const ABOVE_CHARTS = 235;
/** Milliseconds that a slow machine may take for a step. */
const PATIENCE = 120_000;
const OPTIONS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update'],
];

/** Launches a browser in a namespace; `folder` is for its wrapper. */
export function launchBrowser(namespace: string, folder: string): Promise<Browser> {
  const wrapper = join(folder, 'chromium');
  writeFileSync(wrapper, `#!/bin/sh\nexec ip netns exec ${namespace} chromium "$@"\n`);
  chmodSync(wrapper, 0o755);
  return chromium.launch({ executablePath: wrapper, args: OPTIONS, timeout: PATIENCE });
}

export class Dashboard {
  readonly page: Page;
  /** For files; removed with the browser. */
  readonly folder: string;
  readonly #browser: Browser;

  private constructor(browser: Browser, page: Page, folder: string) {
    this.#browser = browser;
    this.page = page;
    this.folder = folder;
  }

  /** Opens the section of connection tracking, for a period in seconds since the epoch. */
  static async open(namespace: string, after: number, before: number): Promise<Dashboard> {
    const folder = mkdtempSync(join(tmpdir(), 'conntrack-browser-'));
    const browser = await launchBrowser(namespace, folder);
    const page = await browser.newPage({ viewport: { width: 1200, height: 6000 } });
    page.setDefaultTimeout(PATIENCE);
    const hash = `menu_conntrack;after=${after * 1000};before=${before * 1000};theme=white`;
    await page.goto(`${AGENT_URL}/#${hash}`, { waitUntil: 'domcontentloaded' });
    return new Dashboard(browser, page, folder);
  }

  /** Waits until a chart is rendered; returns its text. */
  async chart(id: string): Promise<string | null> {
    const element = this.page.locator(`[data-netdata="conntrack.${id}"]`);
    await element.scrollIntoViewIfNeeded();
    await element.locator('canvas').first().waitFor();
    return element.textContent();
  }

  /** Scrolls the page so that a chart is the first below the headings. */
  async scrollTo(id: string): Promise<void> {
    const { y = 0 } = (await this.page.locator(`[data-netdata="conntrack.${id}"]`).boundingBox()) ?? {};
    await this.page.evaluate(`scrollBy(0, ${y - ABOVE_CHARTS})`);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
