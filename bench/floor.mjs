// The floor under `init`: as many keys as it generates, on all cores, and nothing else. Prints milliseconds.
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';

const [algorithm, count] = process.argv.slice(2);
const generate = promisify(generateKeyPair);
const one = {
  'RSA-2048': () => generate('rsa', { modulusLength: 2048 }),
  'RSA-3072': () => generate('rsa', { modulusLength: 3072 }),
  'RSA-4096': () => generate('rsa', { modulusLength: 4096 }),
  'ECDSA-P256': () => generate('ec', { namedCurve: 'prime256v1' }),
  'ECDSA-P384': () => generate('ec', { namedCurve: 'secp384r1' }),
  'ECDSA-P521': () => generate('ec', { namedCurve: 'secp521r1' }),
  // sa.key is RSA-2048 beside Ed25519: one of the keys is dear.
  Ed25519: (index) => (index === 0 ? generate('rsa', { modulusLength: 2048 }) : generate('ed25519')),
}[algorithm];
const start = performance.now();
await Promise.all(Array.from({ length: Number(count) }, (_, index) => one(index)));
console.log(performance.now() - start);
