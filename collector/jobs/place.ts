/** Where a job collects: the host itself, or a network namespace, whose charts have its name and its labels. */

import type { Sample } from '../modules/module.ts';

/** A network namespace as its charts show it. */
export interface Place {
  /** Begins the instance of every sample, and with it follows the id of every chart; such as `netns_blue`. */
  readonly instance: string;
  /** Labels of every chart, such as `netns`. */
  readonly labels: Readonly<Record<string, string>>;
}

/** The samples of all places as they were placed last. Modules reuse their samples, so each is placed once. */
const placements = new WeakMap<Sample, { readonly place: Place; readonly placed: Sample }>();

/** Distinguishes the samples of a place from those of the host. */
export class Placement {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  of(samples: readonly Sample[]): readonly Sample[] {
    return samples.map((sample) => {
      const known = placements.get(sample);
      if (known?.place === this.#place) return known.placed;
      const placed = this.#put(sample);
      placements.set(sample, { place: this.#place, placed });
      return placed;
    });
  }

  #put({ instance, labels, scope, values }: Sample): Sample {
    const own = this.#place;
    return {
      scope,
      instance: instance === '' ? own.instance : `${own.instance}_${instance}`,
      labels: Object.keys(labels).length === 0 ? own.labels : { ...own.labels, ...labels },
      values,
    };
  }
}
