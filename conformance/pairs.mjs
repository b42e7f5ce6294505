// Private keys, and whether they are the other half of what lies beside them.
import { createPublicKey } from 'node:crypto';
import { loadForeignReader } from '../dist/x509/certificate-reader.js';
import { algorithmOfSpki, parsePrivateKey } from '../dist/x509/keys.js';
import { parsePemBlocks } from '../dist/x509/pem.js';

const reader = await loadForeignReader();

/** The public key of the first certificate of a PEM text, or the public key that it is: DER. */
export function publicKeyIn(pem) {
  const [{ label, der }] = parsePemBlocks(pem);
  return label === 'CERTIFICATE'
    ? reader.parse(der).spkiDer
    : createPublicKey(pem).export({ type: 'spki', format: 'der' });
}

/** `keyAlgorithm`, and whether it `fits` the PEM text of a certificate or a public key. */
export function describePrivateKey(pem, publicPem) {
  const { spkiDer } = parsePrivateKey(pem);
  const fits = publicPem !== undefined && Buffer.compare(spkiDer, publicKeyIn(publicPem)) === 0;
  return { keyAlgorithm: algorithmOfSpki(spkiDer), fits };
}

/** The same of the file at a path, held against the certificate or the public key of its name. */
export function describeKeyFile(path, contentsOf) {
  const beside = ['crt', 'pub'].map((ending) => contentsOf(path.replace(/key$/, ending)));
  return describePrivateKey(
    contentsOf(path),
    beside.find((pem) => pem !== undefined),
  );
}
