/** A bounded cache that forgets what was used longest ago. */
export class Lru<K, V> {
  readonly #map = new Map<K, V>();
  readonly #weigh: (value: V) => number;
  readonly #capacity: number;
  #weight = 0;

  /** Holds values up to `capacity` in the unit of `weigh`. */
  constructor(capacity: number, weigh: (value: V) => number) {
    this.#capacity = capacity;
    this.#weigh = weigh;
  }

  get(key: K): V | undefined {
    const value = this.#map.get(key);
    if (value !== undefined) {
      this.#map.delete(key);
      this.#map.set(key, value);
    }
    return value;
  }

  set(key: K, value: V): void {
    const old = this.#map.get(key);
    if (old !== undefined) this.#weight -= this.#weigh(old);
    this.#map.delete(key);
    this.#map.set(key, value);
    this.#weight += this.#weigh(value);
    for (const [oldest, dropped] of this.#map) {
      if (this.#weight <= this.#capacity) break;
      this.#map.delete(oldest);
      this.#weight -= this.#weigh(dropped);
    }
  }
}
