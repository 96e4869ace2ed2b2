// Waiting for something that has to happen. The limit only decides how long a broken service holds
// up the tests; nothing asserts how fast a good one is.

const PATIENCE_MS = 15_000;

/** The promise's value, or an error that names what did not come. */
export async function within(promise, what, patience = PATIENCE_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), patience);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What arrives from outside, in order; a reader takes the first entry that it is looking for. */
export class Inbox {
  #entries = [];
  #readers = [];

  push(entry) {
    const reader = this.#readers.findIndex(({ wanted }) => wanted(entry));
    if (reader < 0) this.#entries.push(entry);
    else this.#readers.splice(reader, 1)[0].resolve(entry);
  }

  take(wanted, what) {
    const place = this.#entries.findIndex(wanted);
    if (place >= 0) return Promise.resolve(this.#entries.splice(place, 1)[0]);
    const { promise, reader } = this.#read(wanted);
    return within(promise, what).finally(() => {
      this.#readers = this.#readers.filter((other) => other !== reader);
    });
  }

  #read(wanted) {
    const reader = { wanted };
    const promise = new Promise((resolve) => {
      reader.resolve = resolve;
    });
    this.#readers.push(reader);
    return { promise, reader };
  }

  /** Entries that are there and were not taken. */
  waiting(wanted) {
    return this.#entries.filter(wanted);
  }
}
