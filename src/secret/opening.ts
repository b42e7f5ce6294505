import { PkiError } from '../errors.ts';
import { parseSecretDocuments, type Secret } from '../sources/documents.ts';
import { unreadableSource } from '../sources/source.ts';
import { CERTIFICATE_SECRET } from '../table/secrets.ts';
import { entriesOf, type SecretEntry } from './entries.ts';
import { unseal } from './sealing.ts';

/** What a Secret holds, opened. */
export interface OpenedSecret {
  readonly etcd: 'stacked' | 'external';
  /** In the order of the table. */
  readonly values: readonly { readonly entry: SecretEntry; readonly plain: Uint8Array }[];
  /** There was no such file where the Secret was made: the value is empty. */
  readonly empty: readonly SecretEntry[];
  /** The Secret does not even have the key, which kubeadm refuses. */
  readonly missing: readonly SecretEntry[];
  /** The keys of values that nobody knows. */
  readonly unknown: readonly string[];
}

const FULL_NAME = `${CERTIFICATE_SECRET.namespace}/${CERTIFICATE_SECRET.name}`;

const VALUE_PREFIX = `secret ${FULL_NAME}:`;

/** What a value is called in messages. */
export const valuePath = (key: string): string => `${VALUE_PREFIX}${key}`;

/** Whether that is what is named, in place of a file. */
export const isValuePath = (path: string): boolean => path.startsWith(VALUE_PREFIX);

function theSecret(name: string, secrets: readonly Secret[]): Secret {
  const found = secrets.filter(
    (secret) => secret.namespace === CERTIFICATE_SECRET.namespace && secret.name === CERTIFICATE_SECRET.name,
  );
  const [secret] = found;
  if (secret !== undefined && found.length === 1) return secret;
  throw unreadableSource(
    name,
    `expected one Secret ${FULL_NAME}, found ${found.length === 0 ? 'none of that name' : found.length}`,
    {
      hint: `kubectl --namespace ${CERTIFICATE_SECRET.namespace} get secret ${CERTIFICATE_SECRET.name} -o yaml prints it`,
    },
  );
}

/** Which etcd the keys are for: no Secret of kubeadm's has those of both. */
function etcdOf({ data }: Secret): OpenedSecret['etcd'] {
  const has = (keys: object): boolean => Object.keys(keys).some((key) => data.has(key));
  return has(CERTIFICATE_SECRET.externalEtcd) && !has(CERTIFICATE_SECRET.stackedEtcd)
    ? 'external'
    : 'stacked';
}

/** @throws {PkiError} `ERR_SEALED` where a value is nothing that any key could open. */
function assertEncoded(name: string, { data }: Secret): void {
  const keys = [...data].flatMap(([key, sealed]) => (sealed === undefined ? [key] : []));
  if (keys.length === 0) return;
  throw new PkiError('ERR_SEALED', `${name}: expected base64, found something else at ${keys.join(', ')}`, {
    detail: { entries: keys },
    hint: 'fetch the Secret again, or have it made anew',
  });
}

/**
 * Opens the Secret kubeadm-certs in what kubectl prints. As in kubeadm every value must open, or nothing is made of any.
 *
 * @throws {PkiError} `ERR_SOURCE` where the Secret is not there; `ERR_SEALED` where the key does not open it. Neither says
 * anything of the key or of a value.
 */
export async function openSecret(name: string, text: string, key: Uint8Array): Promise<OpenedSecret> {
  const secret = theSecret(name, await parseSecretDocuments(name, text));
  assertEncoded(name, secret);
  const etcd = etcdOf(secret);
  const entries = entriesOf(etcd);
  const opened = [...secret.data].flatMap(([of, sealed]) =>
    sealed === undefined || sealed.length === 0 ? [] : [{ of, plain: unseal(sealed, key) }],
  );
  const closed = opened.flatMap(({ of, plain }) => (plain === undefined ? [of] : []));
  if (closed.length > 0) {
    const isAll = closed.length === opened.length;
    throw new PkiError(
      'ERR_SEALED',
      isAll
        ? `${name}: the certificate key opens nothing of it`
        : `${name}: the certificate key does not open ${closed.toSorted().join(', ')}, which may be damaged`,
      {
        detail: { entries: closed },
        hint: isAll
          ? 'give the key that it was encrypted with: each kubeadm init phase upload-certs without one makes another'
          : 'fetch the Secret again, or have it made anew',
      },
    );
  }
  const plainOf = new Map(opened.flatMap(({ of, plain }) => (plain === undefined ? [] : [[of, plain]])));
  return {
    etcd,
    values: entries.flatMap((entry) => {
      const plain = plainOf.get(entry.key);
      return plain === undefined ? [] : [{ entry, plain }];
    }),
    empty: entries.filter((entry) => secret.data.get(entry.key)?.length === 0),
    missing: entries.filter((entry) => !secret.data.has(entry.key)),
    unknown: [...secret.data.keys()].filter((of) => !entries.some((entry) => entry.key === of)),
  };
}
