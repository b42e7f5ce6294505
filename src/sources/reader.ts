/** Takes as much as is asked for from bytes that come in pieces of any size. */
export interface ByteReader {
  /** So many bytes, or fewer where there are no more. */
  readonly read: (length: number) => Promise<Uint8Array>;
  /** Passes over so many bytes; resolves to how many there were. */
  readonly skip: (length: number) => Promise<number>;
}

export function byteReader(chunks: AsyncIterable<Uint8Array>): ByteReader {
  const iterator = chunks[Symbol.asyncIterator]();
  let left: Uint8Array = new Uint8Array();

  /** The next bytes, at most so many; empty at the end. */
  const take = async (length: number): Promise<Uint8Array> => {
    while (left.length === 0) {
      const { done = false, value } = await iterator.next();
      if (done) return left;
      left = value;
    }
    const taken = left.subarray(0, length);
    left = left.subarray(length);
    return taken;
  };

  return {
    read: async (length) => {
      const parts: Uint8Array[] = [];
      let missing = length;
      while (missing > 0) {
        const part = await take(missing);
        if (part.length === 0) break;
        parts.push(part);
        missing -= part.length;
      }
      return Buffer.concat(parts);
    },
    skip: async (length) => {
      let missing = length;
      while (missing > 0) {
        const part = await take(missing);
        if (part.length === 0) break;
        missing -= part.length;
      }
      return length - missing;
    },
  };
}
