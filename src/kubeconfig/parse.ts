import { faultText, parseYaml } from '../cluster/yaml.ts';
import { PkiError } from '../errors.ts';
import { parseCanonical } from './canonical.ts';
import { clusterRefusals, duplicatesIn, type KubeconfigRefusal, userRefusals } from './refusals.ts';
import { TRUE_WORDS } from './scalar.ts';

/** Something that a kubeconfig embeds, or names a file for. */
export type Embedded = { readonly pem: string } | { readonly file: string };

/** How a user can prove who it is, beside a client certificate. */
export const OTHER_CREDENTIALS = ['token', 'tokenFile', 'password', 'auth-provider', 'exec'] as const;
export type OtherCredential = (typeof OTHER_CREDENTIALS)[number];

/** What a user of a kubeconfig carries. Of tokens and passwords only that they are there. */
export interface KubeconfigUser {
  readonly clientCertificate?: Embedded;
  readonly clientKey?: Embedded;
  readonly tokenFile?: string;
  readonly otherCredentials: readonly OtherCredential[];
}

/** What the current context of a kubeconfig says. Absent fields are absent in the file. */
export interface Kubeconfig extends KubeconfigUser {
  readonly context: string;
  readonly cluster: string;
  readonly user: string;
  readonly server?: string;
  /** The name that the server's certificate is held against instead of that in `server`. */
  readonly tlsServerName?: string;
  readonly certificateAuthority?: Embedded;
  readonly isTlsVerifySkipped: boolean;
  /** Fields of the cluster, the user and the context that change what they mean and are none of those above. */
  readonly otherFields: readonly string[];
  readonly refusals: readonly KubeconfigRefusal[];
  /** The users beside the one of the current context. */
  readonly otherUsers: readonly (KubeconfigUser & { readonly name: string })[];
  /** The clusters and contexts beside the current ones: `cluster "east"`. */
  readonly otherEntries: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

function unreadable(field: string, message: string): PkiError<'ERR_KUBECONFIG'> {
  return new PkiError('ERR_KUBECONFIG', message, { detail: { field } });
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(fields: Fields, name: string, field: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw unreadable(field, `kubeconfig field ${field} is not a string`);
  return value;
}

interface Entry {
  readonly name: string;
  readonly fields: Fields;
}

const LISTS = { clusters: 'cluster', contexts: 'context', users: 'user' } as const;
type List = keyof typeof LISTS;

/** The entries of a named list, each with its inner mapping: without one it is empty, as in client-go. */
function entriesOf(document: Fields, list: List): readonly Entry[] {
  const entries: unknown = document[list] ?? [];
  if (!Array.isArray(entries)) throw unreadable(list, `kubeconfig field ${list} is not a list`);
  return entries.map((entry: unknown) => {
    const name = isFields(entry) ? textOf(entry, 'name', `${list}.name`) : undefined;
    const fields = isFields(entry) ? (entry[LISTS[list]] ?? {}) : undefined;
    if (!isFields(fields)) throw unreadable(list, `kubeconfig has an entry in ${list} that is no mapping`);
    return { name: name ?? '', fields };
  });
}

function entryOf(entries: readonly Entry[], list: List, name: string): Entry {
  const found = entries.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  throw unreadable(
    list,
    `kubeconfig has no entry named ${JSON.stringify(name)} with a ${LISTS[list]} in ${list}`,
  );
}

/** What the fields above are read from; a namespace and extensions say nothing about who connects to whom. */
const EXPECTED_FIELDS: ReadonlySet<string> = new Set([
  'server',
  'certificate-authority',
  'certificate-authority-data',
  'insecure-skip-tls-verify',
  'token',
  'tokenFile',
  'username',
  'password',
  'auth-provider',
  'exec',
  'client-certificate',
  'client-certificate-data',
  'client-key',
  'client-key-data',
  'cluster',
  'user',
  'namespace',
  'extensions',
]);

/** As Go reads it: padded, and of white space the ends of lines alone. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function pemOf(data: string): Embedded {
  return { pem: Buffer.from(data, 'base64').toString('utf8') };
}

/** `…-data` wins over the file of the same name, as in client-go. */
function embeddedOf(fields: Fields, name: string): Embedded | undefined {
  const data = textOf(fields, `${name}-data`, `${name}-data`);
  if (data !== undefined) {
    if (!BASE64.test(data.replaceAll(/[\r\n]/g, '')))
      throw unreadable(`${name}-data`, `kubeconfig field ${name}-data is not base64`);
    return pemOf(data);
  }
  const file = textOf(fields, name, name);
  return file === undefined ? undefined : { file };
}

function isOn(value: unknown): boolean {
  return value === true || (typeof value === 'string' && TRUE_WORDS.has(value));
}

function userOf(fields: Fields): KubeconfigUser {
  const clientCertificate = embeddedOf(fields, 'client-certificate');
  const clientKey = embeddedOf(fields, 'client-key');
  const tokenFile = textOf(fields, 'tokenFile', 'tokenFile');
  const hasPassword = ['username', 'password'].some((name) => textOf(fields, name, name) !== undefined);
  const has: Readonly<Record<OtherCredential, boolean>> = {
    token: textOf(fields, 'token', 'token') !== undefined,
    tokenFile: tokenFile !== undefined,
    password: hasPassword,
    'auth-provider': isFields(fields['auth-provider']),
    exec: isFields(fields['exec']),
  };
  return {
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(clientKey === undefined ? {} : { clientKey }),
    ...(tokenFile === undefined ? {} : { tokenFile }),
    otherCredentials: OTHER_CREDENTIALS.filter((name) => has[name]),
  };
}

function clusterOf(fields: Fields): Pick<Kubeconfig, 'server' | 'tlsServerName' | 'certificateAuthority'> & {
  readonly isTlsVerifySkipped: boolean;
} {
  const server = textOf(fields, 'server', 'server');
  const tlsServerName = textOf(fields, 'tls-server-name', 'tls-server-name');
  const certificateAuthority = embeddedOf(fields, 'certificate-authority');
  return {
    ...(server === undefined ? {} : { server }),
    ...(tlsServerName === undefined ? {} : { tlsServerName }),
    ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
    isTlsVerifySkipped: isOn(fields['insecure-skip-tls-verify']),
  };
}

/**
 * Reads the YAML of a kubeconfig.
 *
 * @throws {PkiError} `ERR_KUBECONFIG` where it is none.
 */
async function parseConfig(text: string): Promise<Fields> {
  const {
    value: document,
    faults: [fault],
  } = await parseYaml(text);
  if (fault !== undefined) throw unreadable('', `kubeconfig ${faultText(fault)}`);
  // client-go takes either for what it should be where it is absent, and nothing else.
  const { apiVersion = 'v1', kind = 'Config' } = isFields(document) ? document : {};
  if (!isFields(document) || kind !== 'Config') {
    throw unreadable('kind', 'file is not a kubeconfig: it has no "kind: Config"');
  }
  if (apiVersion !== 'v1') throw unreadable('apiVersion', 'kubeconfig has another apiVersion than v1');
  return document;
}

/** A user of a kubeconfig by its name, with the token that it shows to a server, if it has one. */
export interface NamedUser extends KubeconfigUser {
  readonly name: string;
  readonly token?: string;
}

/** Whether a text says of itself that it is a kubeconfig. Looks for that alone. */
export function isKubeconfig(text: string): boolean {
  return /\bkind["']?[ \t]*:\s*["']?Config\b/.test(text);
}

/**
 * Reads every user of a kubeconfig, whatever the current context is.
 *
 * @throws {PkiError} `ERR_KUBECONFIG` where the text is no kubeconfig, or a user of it cannot be read.
 */
export async function parseKubeconfigUsers(text: string): Promise<readonly NamedUser[]> {
  const canonical = parseCanonical(text);
  if (canonical !== undefined) {
    const { user: name, certificateData, keyData } = canonical;
    const certified = { clientCertificate: pemOf(certificateData), clientKey: pemOf(keyData) };
    return [{ name, ...certified, otherCredentials: [] }];
  }
  return entriesOf(await parseConfig(text), 'users').map(({ name, fields }) => {
    const token = textOf(fields, 'token', 'token');
    return { name, ...userOf(fields), ...(token === undefined ? {} : { token }) };
  });
}

/**
 * Reads what the current context of a kubeconfig says, and what else is in the file. Files that it names are not opened, and
 * nothing is held against anything.
 *
 * @throws {PkiError} `ERR_KUBECONFIG` when the text is no kubeconfig or its current context is incomplete.
 */
export async function parseKubeconfig(text: string): Promise<Kubeconfig> {
  const canonical = parseCanonical(text);
  if (canonical !== undefined) {
    const { context, cluster, user, server } = canonical;
    return {
      context,
      cluster,
      user,
      server,
      certificateAuthority: pemOf(canonical.authorityData),
      isTlsVerifySkipped: false,
      clientCertificate: pemOf(canonical.certificateData),
      clientKey: pemOf(canonical.keyData),
      otherCredentials: [],
      otherFields: [],
      refusals: [],
      otherUsers: [],
      otherEntries: [],
    };
  }
  const document = await parseConfig(text);
  const contexts = entriesOf(document, 'contexts');
  const clusters = entriesOf(document, 'clusters');
  const users = entriesOf(document, 'users');
  const context = textOf(document, 'current-context', 'current-context');
  if (context === undefined) throw unreadable('current-context', 'kubeconfig has no current-context');
  const { fields: contextFields } = entryOf(contexts, 'contexts', context);
  const cluster = textOf(contextFields, 'cluster', 'cluster') ?? '';
  const user = textOf(contextFields, 'user', 'user') ?? '';
  const { fields: clusterFields } = entryOf(clusters, 'clusters', cluster);
  const { fields: userFields } = entryOf(users, 'users', user);

  const others = readOthers(users.filter(({ name }) => name !== user));
  return {
    context,
    cluster,
    user,
    ...clusterOf(clusterFields),
    ...userOf(userFields),
    otherFields: [clusterFields, userFields, contextFields].flatMap((fields) =>
      Object.keys(fields).filter((name) => !EXPECTED_FIELDS.has(name)),
    ),
    refusals: [
      ...duplicatesIn({ clusters, contexts, users }),
      ...clusterRefusals(clusterFields),
      ...userRefusals(userFields),
      ...others.refusals,
    ],
    otherUsers: others.users,
    otherEntries: [
      ...clusters.filter(({ name }) => name !== cluster).map(({ name }) => `cluster ${JSON.stringify(name)}`),
      ...contexts.filter(({ name }) => name !== context).map(({ name }) => `context ${JSON.stringify(name)}`),
    ],
  };
}

/** What is wrong with a user that is not the current one keeps client-go from loading the file all the same. */
function readOthers(entries: readonly Entry[]): {
  readonly users: Kubeconfig['otherUsers'];
  readonly refusals: readonly KubeconfigRefusal[];
} {
  const refusals: KubeconfigRefusal[] = [];
  const users = entries.flatMap(({ name, fields }) => {
    try {
      return [{ name, ...userOf(fields) }];
    } catch (error) {
      if (!(error instanceof PkiError)) throw error;
      refusals.push({ field: 'users', message: `user ${JSON.stringify(name)}: ${error.message}` });
      return [];
    }
  });
  return { users, refusals };
}

/** Every file that a kubeconfig names, in its own words. */
export function namedFilesOf({ certificateAuthority, otherUsers, ...user }: Kubeconfig): readonly string[] {
  const parts = [user, ...otherUsers].flatMap(({ clientCertificate, clientKey, tokenFile }) => [
    clientCertificate,
    clientKey,
    tokenFile === undefined ? undefined : { file: tokenFile },
  ]);
  return [certificateAuthority, ...parts].flatMap((part) =>
    part !== undefined && 'file' in part ? [part.file] : [],
  );
}

/** The files that it names for certificates: those of its users and of whom it trusts. */
export function certificateFilesOf({
  certificateAuthority,
  otherUsers,
  clientCertificate,
}: Kubeconfig): readonly string[] {
  const parts = [
    clientCertificate,
    certificateAuthority,
    ...otherUsers.map((user) => user.clientCertificate),
  ];
  return parts.flatMap((part) => (part !== undefined && 'file' in part ? [part.file] : []));
}
