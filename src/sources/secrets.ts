import type { PresentFile } from '../checks/evidence.ts';
import type { Finding } from '../finding.ts';
import { knownPaths, pathsOf } from '../resolve/paths.ts';
import { ROWS } from '../table/rows.ts';
import { CERTIFICATE_SECRET, SECRET_LAYOUTS, type SecretKeys, type SecretLayout } from '../table/secrets.ts';
import { parseSecretDocuments, type Secret } from './documents.ts';
import { encrypted, type Source, unreadableSource } from './source.ts';

/** What of a list of Secrets is meant. */
export interface SecretOptions {
  /** What the list is called in messages; default: `Secrets`. */
  readonly name?: string;
  /** The cluster that is meant where there are several: `namespace/cluster`, as the error lists them. */
  readonly of?: string | undefined;
}

/** One value of a Secret, and the file of a PKI that it is. */
interface Held {
  readonly path: string;
  readonly origin: string;
  readonly bytes: Uint8Array | undefined;
}

/** What several Secrets hold of one cluster. */
interface Cluster {
  readonly id: string;
  readonly held: readonly Held[];
  readonly expected: readonly string[];
}

/** `etcd-ca.crt`: the path below pki with dashes for slashes, since a key has none (kubeadm.md 5). Kubeconfigs as they are called. */
const FILE_NAMES: SecretKeys = Object.fromEntries(
  knownPaths()
    .filter((path) => !path.startsWith('root-ca/'))
    .map((path) => [path.replace(/^pki\//, '').replaceAll('/', '-'), path]),
);

/** A Secret of the type kubernetes.io/tls that is called as a row of the table. */
const TLS_NAMES: ReadonlyMap<string, SecretKeys> = new Map(
  ROWS.flatMap((row) =>
    'certificate' in row ? [[row.id, { 'tls.crt': row.certificate, 'tls.key': row.key }] as const] : [],
  ),
);

function heldBy(secret: Secret, keys: SecretKeys): readonly Held[] {
  return [...secret.data].flatMap(([key, bytes]) => {
    const path = Object.hasOwn(keys, key) ? keys[key] : undefined;
    // kubeadm has an empty value for a file that is not there (kubeadm.md 5).
    if (path === undefined || bytes?.length === 0) return [];
    return [{ path, origin: `secret ${secret.namespace}/${secret.name}:${key}`, bytes }];
  });
}

const rowsOf = (held: readonly Held[]): number =>
  ROWS.filter((row) => pathsOf(row).some((path) => held.some((one) => one.path === path))).length;

/** The cluster of a Secret that a program has labelled, with what is in it; undefined where it holds nothing of a PKI. */
function labelled(
  secret: Secret,
): { readonly layout: SecretLayout; readonly id: string; readonly held: readonly Held[] } | undefined {
  for (const layout of SECRET_LAYOUTS) {
    const cluster = secret.labels.get(layout.clusterLabel);
    if (cluster === undefined || !secret.name.startsWith(`${cluster}-`)) continue;
    const suffix = secret.name.slice(cluster.length + 1);
    const keys = Object.hasOwn(layout.secrets, suffix) ? layout.secrets[suffix] : undefined;
    const held = heldBy(secret, keys ?? (layout.hasFileNames === true ? FILE_NAMES : {}));
    if (held.length > 0) return { layout, id: `${secret.namespace}/${cluster}`, held };
  }
  return undefined;
}

function labelledClusters(secrets: readonly Secret[]): readonly Cluster[] {
  const parts = secrets.flatMap((secret) => labelled(secret) ?? []);
  return [...new Set(parts.map(({ id }) => id))].map((id) => {
    const own = parts.filter((part) => part.id === id);
    const expected = own.flatMap(({ layout }) => layout.expected);
    return { id, held: own.flatMap(({ held }) => held), expected: [...new Set(expected)] };
  });
}

/**
 * Secrets that nobody has labelled: such as hold files of two rows or more, for `ca.crt` is in Secrets of every kind; and
 * those of a namespace that are called as rows, where there are two or more.
 */
function unlabelledClusters(secrets: readonly Secret[]): readonly Cluster[] {
  const byFileName = secrets
    .map((secret) => ({ id: `${secret.namespace}/${secret.name}`, held: heldBy(secret, FILE_NAMES) }))
    .filter(({ held }) => rowsOf(held) > 1);
  const namespaces = [...new Set(secrets.map(({ namespace }) => namespace))];
  const byRow = namespaces
    .map((namespace) => ({
      id: `${namespace}/*`,
      held: secrets
        .filter((secret) => secret.namespace === namespace && secret.type === 'kubernetes.io/tls')
        .flatMap((secret) => heldBy(secret, TLS_NAMES.get(secret.name) ?? {})),
    }))
    .filter(({ held }) => rowsOf(held) > 1);
  return [...byFileName, ...byRow].map((cluster) => ({ ...cluster, expected: [] }));
}

const isEncrypted = ({ namespace, name, data }: Secret): boolean =>
  namespace === CERTIFICATE_SECRET.namespace &&
  name === CERTIFICATE_SECRET.name &&
  [...data.values()].some(
    (bytes) => bytes !== undefined && bytes.length > 0 && !Buffer.from(bytes).includes('-----BEGIN '),
  );

function encryptedFinding({ namespace, name, data }: Secret): Finding {
  return encrypted({
    path: `secret ${namespace}/${name}`,
    message: 'is encrypted with the certificate key of kubeadm init --upload-certs, and was not looked into',
    found: [...data.keys()].toSorted().join(', '),
  });
}

function choose(name: string, clusters: readonly Cluster[], { of }: SecretOptions): Cluster {
  const ids = clusters.map(({ id }) => id);
  const chosen = of === undefined ? clusters[0] : clusters.find(({ id }) => id === of);
  if (chosen === undefined) {
    throw unreadableSource(
      name,
      of === undefined ? 'no Secret in it holds a PKI' : `holds no PKI of ${of}`,
      ids.length === 0 ? {} : { choices: ids, hint: `--secrets-of takes one of ${ids.join(', ')}` },
    );
  }
  if (of === undefined && clusters.length > 1) {
    throw unreadableSource(name, `holds the PKIs of several clusters: ${ids.join(', ')}`, {
      choices: ids,
      hint: `name the one that is meant: --secrets-of ${ids[0]}`,
    });
  }
  return chosen;
}

function fileOf({ path, bytes }: Held): PresentFile {
  return bytes === undefined
    ? { path, obstacle: 'is not base64' }
    : { path, contents: Buffer.from(bytes).toString('utf8') };
}

/**
 * Reads Secrets as kubectl prints them, a list, one, or several documents, in YAML or JSON, into what
 * {@link VerifyClusterPkiOptions} takes as `files`: those that Cluster API and Kamaji keep of a cluster, those whose keys are
 * names of kubeadm's files, and those of the type kubernetes.io/tls that are called as rows of the table. Other Secrets are
 * passed over. Nothing of a Secret's value is ever in a message.
 *
 * @throws {PkiError} `ERR_SOURCE` where there is no PKI in them, or more than one and none is named.
 */
export async function parseSecrets(text: string, options: SecretOptions = {}): Promise<Source> {
  const { name = 'Secrets' } = options;
  const secrets = await parseSecretDocuments(name, text);
  const locked = secrets.filter(isEncrypted);
  const open = secrets.filter((secret) => !locked.includes(secret));
  const byLabel = labelledClusters(open);
  const clusters = [
    ...byLabel,
    ...unlabelledClusters(open.filter((secret) => labelled(secret) === undefined)),
  ];
  const onlyLocked = clusters.length === 0 ? locked[0] : undefined;
  if (onlyLocked !== undefined) {
    const finding = encryptedFinding(onlyLocked);
    throw unreadableSource(name, `${finding.path} ${finding.message}`, {
      hint: 'audit the directory that it was made from, on a control-plane host; k8s-pki import secret opens it',
    });
  }
  const { id, held, expected } = choose(name, clusters, options);
  const origins = new Map(held.map(({ path, origin }) => [path, origin]));
  const passedOver =
    secrets.length -
    new Set(clusters.flatMap((cluster) => cluster.held.map(secretNameOf))).size -
    locked.length;
  return {
    files: [...new Map(held.map((one) => [one.path, fileOf(one)])).values()],
    findings: locked.map(encryptedFinding),
    directories: [`secrets of ${id}`],
    pathOf: (path) => origins.get(path) ?? (path.startsWith('secret ') ? path : `secrets of ${id}:${path}`),
    notices:
      passedOver === 0
        ? []
        : [`${name}: ${passedOver === 1 ? '1 Secret holds' : `${passedOver} Secrets hold`} nothing of a PKI`],
    expected,
  };
}

const secretNameOf = ({ origin }: Held): string => origin.slice(0, origin.lastIndexOf(':'));
