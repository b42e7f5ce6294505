import { PkiError } from '../errors.ts';
import { parseCanonical } from './canonical.ts';

/** Something that a kubeconfig embeds, or names a file for. */
export type Embedded = { readonly pem: string } | { readonly file: string };

/** What the current context of a kubeconfig says. Absent fields are absent in the file. */
export interface Kubeconfig {
  readonly context: string;
  readonly cluster: string;
  readonly user: string;
  readonly server?: string;
  readonly certificateAuthority?: Embedded;
  readonly isTlsVerifySkipped: boolean;
  readonly clientCertificate?: Embedded;
  readonly clientKey?: Embedded;
  /** Fields of the cluster, the user and the context that change what they mean and are none of those above. */
  readonly otherFields: readonly string[];
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

/** The entry of a named list (`clusters`, `contexts`, `users`) with this name, its inner mapping. */
function entryOf(document: Fields, list: string, name: string, inner: string): Fields {
  const entries = document[list];
  const found = Array.isArray(entries)
    ? entries.find((entry): entry is Fields => isFields(entry) && entry['name'] === name)
    : undefined;
  const value = found?.[inner];
  if (!isFields(value)) {
    throw unreadable(
      list,
      `kubeconfig has no entry named ${JSON.stringify(name)} with a ${inner} in ${list}`,
    );
  }
  return value;
}

/** What the fields above are read from; a namespace and extensions say nothing about who connects to whom. */
const EXPECTED_FIELDS: ReadonlySet<string> = new Set([
  'server',
  'certificate-authority',
  'certificate-authority-data',
  'insecure-skip-tls-verify',
  'client-certificate',
  'client-certificate-data',
  'client-key',
  'client-key-data',
  'cluster',
  'user',
  'namespace',
  'extensions',
]);

const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/;

function pemOf(data: string): Embedded {
  return { pem: Buffer.from(data, 'base64').toString('utf8') };
}

/** `…-data` wins over the file of the same name, as in client-go. */
function embeddedOf(fields: Fields, name: string): Embedded | undefined {
  const data = textOf(fields, `${name}-data`, `${name}-data`);
  if (data !== undefined) {
    if (!BASE64.test(data)) throw unreadable(`${name}-data`, `kubeconfig field ${name}-data is not base64`);
    return pemOf(data);
  }
  const file = textOf(fields, name, name);
  return file === undefined ? undefined : { file };
}

/**
 * Reads what the current context of a kubeconfig says. Other contexts are not looked at, files that it names are not
 * opened, and nothing is held against anything.
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
      otherFields: [],
    };
  }
  const { parse, YAMLParseError } = await import('yaml');
  let document: unknown;
  try {
    // A kubeconfig needs no aliases; without a bound a few lines of them expand without end.
    document = parse(text, { maxAliasCount: 100, prettyErrors: true, logLevel: 'error' });
  } catch (error) {
    // The library's message quotes the line at fault, and that line may hold a key: its number is enough.
    const line = error instanceof YAMLParseError ? error.linePos?.[0].line : undefined;
    throw unreadable('', `kubeconfig is not YAML${line === undefined ? '' : `, see line ${line}`}`);
  }
  if (!isFields(document) || document['kind'] !== 'Config') {
    throw unreadable('kind', 'file is not a kubeconfig: it has no "kind: Config"');
  }
  const context = textOf(document, 'current-context', 'current-context');
  if (context === undefined) throw unreadable('current-context', 'kubeconfig has no current-context');
  const contextFields = entryOf(document, 'contexts', context, 'context');
  const cluster = textOf(contextFields, 'cluster', 'cluster') ?? '';
  const user = textOf(contextFields, 'user', 'user') ?? '';
  const clusterFields = entryOf(document, 'clusters', cluster, 'cluster');
  const userFields = entryOf(document, 'users', user, 'user');

  const server = textOf(clusterFields, 'server', 'server');
  const certificateAuthority = embeddedOf(clusterFields, 'certificate-authority');
  const clientCertificate = embeddedOf(userFields, 'client-certificate');
  const clientKey = embeddedOf(userFields, 'client-key');
  return {
    context,
    cluster,
    user,
    ...(server === undefined ? {} : { server }),
    ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
    isTlsVerifySkipped: clusterFields['insecure-skip-tls-verify'] === true,
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(clientKey === undefined ? {} : { clientKey }),
    otherFields: [clusterFields, userFields, contextFields].flatMap((fields) =>
      Object.keys(fields).filter((name) => !EXPECTED_FIELDS.has(name)),
    ),
  };
}
