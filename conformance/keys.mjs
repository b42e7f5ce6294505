// Keys to issue with: few of each algorithm, made once and handed out over and over, since no case here is about them.
import { generateKeyPair } from '../dist/x509/keys.js';

/** More than any one tree holds, so that no two certificates of a tree share one. */
const KEYS_OF_EACH = 20;
const pools = new Map();

/** As `generateClusterPki` takes it. */
export async function pooledKeyPair(algorithm) {
  const pool = pools.get(algorithm) ?? { pairs: [], next: 0 };
  pools.set(algorithm, pool);
  const index = pool.next++ % KEYS_OF_EACH;
  pool.pairs[index] ??= generateKeyPair(algorithm);
  return pool.pairs[index];
}
