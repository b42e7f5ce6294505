// What the files of a PKI say, as plain data: by it one PKI is held against a document, or against another PKI.
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { loadForeignReader } from '../dist/x509/certificate-reader.js';
import { decodeBitString, parseDer, parseDerElements, TAG } from '../dist/x509/der.js';
import { algorithmOfSpki } from '../dist/x509/keys.js';
import { attributeValues, COMMON_NAME_OID, ORGANIZATION_OID } from '../dist/x509/model.js';
import { parsePemBlocks } from '../dist/x509/pem.js';
import { describeKeyFile, describePrivateKey, publicKeyIn } from './pairs.mjs';

const DAY_MS = 86_400_000;
const reader = await loadForeignReader();

const certificatesOf = (pem) => parsePemBlocks(pem).map(({ der }) => reader.parse(der));
const commonNameOf = ({ subject }) => attributeValues(subject, COMMON_NAME_OID).join(' ');
const commonNamesOf = (pem) => certificatesOf(pem).map(commonNameOf);

/** The hash that RFC 5280 4.2.1.2 (1) makes an identifier of, or RFC 7093 2 (1). */
function identifierHashOf({ spkiDer, subjectKeyIdentifier }) {
  const [, key] = parseDerElements(parseDer(spkiDer), TAG.sequence);
  const hashOf = (name) => createHash(name).update(decodeBitString(key)).digest('hex').slice(0, 40);
  return ['sha1', 'sha256'].find((name) => hashOf(name) === subjectKeyIdentifier);
}

async function certificateFacts(certificate, authorities) {
  const signers = new Set();
  // By the signature: a name alone is soon written.
  for (const authority of authorities)
    if (await reader.isSignedBy(certificate, authority.spkiDer)) signers.add(commonNameOf(authority));
  return {
    organization: attributeValues(certificate.subject, ORGANIZATION_OID),
    signedBy: [...signers].join(' '),
    isCa: certificate.basicConstraints.isCa,
    pathLength: certificate.basicConstraints.pathLength,
    keyUsage: certificate.keyUsage,
    extKeyUsage: certificate.extKeyUsage ?? [],
    subjectAltName: (certificate.subjectAltName ?? [])
      .map(({ value }) => value)
      .toSorted((a, b) => a.localeCompare(b)),
    keyAlgorithm: algorithmOfSpki(certificate.spkiDer),
    subjectKeyIdentifier: identifierHashOf(certificate),
    days: Math.round((certificate.notAfter - certificate.notBefore) / DAY_MS),
  };
}

/** Of each certificate of a PEM text its common name, where it is one of the CAs that are there: a name alone is soon written. */
function trustedNames(pem, authorities) {
  return certificatesOf(pem).map((certificate) =>
    authorities.some(({ der }) => Buffer.compare(der, certificate.der) === 0)
      ? commonNameOf(certificate)
      : `another ${commonNameOf(certificate)}`,
  );
}

async function kubeconfigFacts(contents, authorities) {
  const { preferences, clusters, contexts, users, ...document } = parse(contents);
  const pem = (data) => Buffer.from(data, 'base64').toString();
  const [certificate, key] = ['certificate', 'key'].map((half) => pem(users[0].user[`client-${half}-data`]));
  const [client] = certificatesOf(certificate);
  return {
    commonNames: [commonNameOf(client)],
    ...(await certificateFacts(client, authorities)),
    cluster: clusters[0].name,
    server: clusters[0].cluster.server,
    key: describePrivateKey(key, certificate),
    trust: trustedNames(pem(clusters[0].cluster['certificate-authority-data']), authorities),
    user: users[0].name,
    context: contexts[0].name,
    contextOf: contexts[0].context,
    currentContext: document['current-context'],
    preferences,
  };
}

/**
 * Each file by its path: `mode`; of keys the algorithm, and whether a private one fits what is beside it; of certificates and kubeconfigs what the first certificate says, `commonNames` of all that
 * are in the file, and what else a kubeconfig says. A bundle is its `commonNames` alone.
 */
export async function factsOf(files) {
  const authorities = files
    .filter(({ path }) => path.endsWith('ca.crt'))
    .flatMap(({ contents }) => certificatesOf(contents));
  const contentsOf = (name) => files.find(({ path }) => path === name)?.contents;
  const entries = files.map(async ({ path, contents, mode: bits }) => {
    const mode = bits.toString(8);
    if (path.endsWith('.conf')) return [path, { mode, ...(await kubeconfigFacts(contents, authorities)) }];
    if (path.endsWith('.key')) return [path, { mode, ...describeKeyFile(path, contentsOf) }];
    if (path.endsWith('.pub')) return [path, { mode, keyAlgorithm: algorithmOfSpki(publicKeyIn(contents)) }];
    const commonNames = commonNamesOf(contents);
    if (path.endsWith('-chain.crt')) return [path, { mode, commonNames }];
    const [certificate] = certificatesOf(contents);
    return [path, { mode, commonNames, ...(await certificateFacts(certificate, authorities)) }];
  });
  return new Map(await Promise.all(entries));
}

/** Where two have other facts, a line each. */
export function compareFacts(expected, found) {
  const paths = [...new Set([...expected.keys(), ...found.keys()])];
  return paths.flatMap((path) => {
    if (!found.has(path)) return [`${path} is missing`];
    if (!expected.has(path)) return [`${path} is there and should not be`];
    const [a, b] = [expected.get(path), found.get(path)];
    return [...new Set([...Object.keys(a), ...Object.keys(b)])]
      .filter((field) => !isDeepStrictEqual(a[field], b[field]))
      .map(
        (field) =>
          `${path} ${field}: ${JSON.stringify(a[field])} expected, found ${JSON.stringify(b[field])}`,
      );
  });
}
