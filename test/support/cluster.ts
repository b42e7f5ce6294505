import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import type { ClusterPki } from '../../src/index.ts';
import type { DesiredCertificate, DesiredRow } from '../../src/resolve/desired.ts';
import { resolveRows } from '../../src/resolve/rows.ts';
import type { KeyAlgorithmId } from '../../src/x509/algorithms.ts';
import { generateKeyPair, parsePrivateKey } from '../../src/x509/keys.ts';
import type { KeyPair } from '../../src/x509/signer.ts';

// As many as it takes that no two CAs of a cluster share a key: they are among the first seven rows with one.
const RSA_2048_KEYS = 8;
const pools = new Map<KeyAlgorithmId, Promise<readonly KeyPair[]>>();

function rsaPool(algorithm: KeyAlgorithmId): Promise<readonly KeyPair[]> {
  const pool =
    pools.get(algorithm) ??
    (algorithm === 'RSA-2048' || process.env['SLOW'] === '1'
      ? Promise.all(Array.from({ length: RSA_2048_KEYS }, () => generateKeyPair(algorithm)))
      : Promise.resolve(
          ['', '-2', '-3', '-4', '-5', '-6', '-7'].map((suffix) =>
            parsePrivateKey(readFileSync(`fixtures/keys/${algorithm.toLowerCase()}${suffix}.key`, 'utf8')),
          ),
        ));
  pools.set(algorithm, pool);
  return pool;
}

/**
 * Generates keys for one PKI, fast: RSA-2048 keys are made once and then handed out again in the same order; of the
 * longer ones the fixtures have seven, unless SLOW=1.
 */
export function keySource(): (algorithm: KeyAlgorithmId) => Promise<KeyPair> {
  let count = 0;
  return async (algorithm) => {
    if (!algorithm.startsWith('RSA')) return generateKeyPair(algorithm);
    const index = count++;
    const keys = await rsaPool(algorithm);
    const key = keys[index % keys.length];
    if (key === undefined) throw new RangeError('the pool of keys is empty');
    return key;
  };
}

/** The first element with this id. */
export function byId<T extends { readonly id: string }>(elements: readonly T[], id: string): T {
  const found = elements.find((element) => element.id === id);
  if (found === undefined) throw new RangeError(`"id" expected one of a row, got ${id}`);
  return found;
}

/** A certificate as its user has it: out of its file or its kubeconfig. */
export interface HeldCertificate {
  readonly id: string;
  readonly row: DesiredRow;
  readonly desired: DesiredCertificate;
  /** The whole file: the certificate and what follows it. */
  readonly pem: string;
  readonly keyPem: string;
  /** Of a kubeconfig, what it verifies its server against. */
  readonly trustPem?: string;
}

/** What a kubeconfig holds, as plain YAML sees it. */
function kubeconfigFields(text: string): {
  readonly server: string;
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly trustPem: string;
} {
  const document = parse(text);
  const pem = (data: string): string => Buffer.from(data, 'base64').toString();
  const { cluster } = document.clusters[0];
  const { user } = document.users[0];
  return {
    server: cluster.server,
    certificatePem: pem(user['client-certificate-data']),
    keyPem: pem(user['client-key-data']),
    trustPem: pem(cluster['certificate-authority-data']),
  };
}

/** The text of a new file. */
export function contentsOf(pki: ClusterPki, path: string): string {
  const file = pki.files.find((candidate) => candidate.path === path);
  if (file === undefined) throw new RangeError(`"path" expected that of a new file, got ${path}`);
  return file.contents;
}

/** Every certificate of a PKI that is new in all its parts, in the order of the table. */
export function heldCertificates(pki: ClusterPki): readonly HeldCertificate[] {
  return resolveRows(pki.spec).flatMap((row): readonly HeldCertificate[] => {
    if (!('certificate' in row)) return [];
    const { id, certificate: desired } = row;
    const pathOf = (holds: string): string => row.files.find((file) => file.holds === holds)?.path ?? '';
    if (row.kind === 'kubeconfig') {
      const fields = kubeconfigFields(contentsOf(pki, pathOf('kubeconfig')));
      return [
        { id, row, desired, pem: fields.certificatePem, keyPem: fields.keyPem, trustPem: fields.trustPem },
      ];
    }
    const pem = contentsOf(pki, pathOf('certificate'));
    return [{ id, row, desired, pem, keyPem: contentsOf(pki, pathOf('key')) }];
  });
}

/** A folder of its own for a test; removed by `remove`. */
export interface Sandbox {
  readonly path: string;
  /** Writes a file, by its path inside. Returns its absolute path. */
  readonly write: (name: string, contents: string) => string;
  readonly read: (name: string) => string;
  readonly remove: () => void;
}

export function createSandbox(): Sandbox {
  const path = mkdtempSync(join(tmpdir(), 'k8s-pki-'));
  return {
    path,
    write: (name, contents) => {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, contents);
      return file;
    },
    read: (name) => readFileSync(join(path, name), 'utf8'),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
