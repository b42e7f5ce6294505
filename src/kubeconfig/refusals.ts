/*
 * What client-go refuses in a kubeconfig that it can read: clientcmd's validateClusterInfo and validateAuthInfo, the conversion of
 * its lists. What the checks say anyhow (no server, a certificate without its key, a CA beside no verification) is not here.
 */

/** Why client-go does not load a kubeconfig that can be read. */
export interface KubeconfigRefusal {
  readonly field: string;
  /** One sentence part: `is there both as a file and as data`. */
  readonly message: string;
}

type Fields = Readonly<Record<string, unknown>>;

const has = (fields: Fields, name: string): boolean => {
  const value = fields[name];
  return value !== undefined && value !== null && value !== '' && value !== false;
};

const both = (fields: Fields, ...names: readonly string[]): boolean =>
  names.every((name) => has(fields, name));

/** One rule: what it is about, what to say, and when. */
type Rule = readonly [field: string, message: string, isBroken: (fields: Fields) => boolean];

function refusalsOf(rules: readonly Rule[], fields: Fields): readonly KubeconfigRefusal[] {
  return rules.filter(([, , isBroken]) => isBroken(fields)).map(([field, message]) => ({ field, message }));
}

const PROXY_SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'socks5:']);

function isProxyUrl(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value) && PROXY_SCHEMES.has(new URL(value).protocol);
}

const FILE_AND_DATA = 'is there both as a file and as data';

const CLUSTER_RULES: readonly Rule[] = [
  [
    'certificate-authority',
    FILE_AND_DATA,
    (fields) => both(fields, 'certificate-authority', 'certificate-authority-data'),
  ],
  [
    'proxy-url',
    'is no URL of http, https or socks5',
    (fields) => has(fields, 'proxy-url') && !isProxyUrl(fields['proxy-url']),
  ],
];

/** Of these versions the API fills in the interactive mode. */
const OLDER_EXEC = /^client\.authentication\.k8s\.io\/v1(?:alpha|beta)1$/;

function isExecBroken(fields: Fields): boolean {
  const exec = fields['exec'];
  if (typeof exec !== 'object' || exec === null) return false;
  const { command, apiVersion, interactiveMode }: Fields = { ...exec };
  const isMissing = [command, apiVersion].some((value) => typeof value !== 'string' || value === '');
  const needsMode = typeof apiVersion === 'string' && !OLDER_EXEC.test(apiVersion);
  return isMissing || (needsMode && (typeof interactiveMode !== 'string' || interactiveMode === ''));
}

const USER_RULES: readonly Rule[] = [
  [
    'client-certificate',
    FILE_AND_DATA,
    (fields) => both(fields, 'client-certificate', 'client-certificate-data'),
  ],
  [
    'client-key',
    FILE_AND_DATA,
    (fields) =>
      both(fields, 'client-key', 'client-key-data') &&
      (has(fields, 'client-certificate') || has(fields, 'client-certificate-data')),
  ],
  [
    'token',
    'stands beside a user name or a password',
    (fields) => has(fields, 'token') && (has(fields, 'username') || has(fields, 'password')),
  ],
  ['exec', 'stands beside an auth-provider', (fields) => both(fields, 'exec', 'auth-provider')],
  ['exec', 'lacks its command, apiVersion or interactiveMode', isExecBroken],
  [
    'as',
    'is absent beside a uid, groups or extra to impersonate',
    (fields) =>
      !has(fields, 'as') && ['as-uid', 'as-groups', 'as-user-extra'].some((name) => has(fields, name)),
  ],
];

export function clusterRefusals(fields: Fields): readonly KubeconfigRefusal[] {
  return refusalsOf(CLUSTER_RULES, fields);
}

export function userRefusals(fields: Fields): readonly KubeconfigRefusal[] {
  return refusalsOf(USER_RULES, fields);
}

/** A name that stands twice in a list; client-go takes neither. */
export function duplicatesIn(
  lists: Readonly<Record<string, readonly { readonly name: string }[]>>,
): readonly KubeconfigRefusal[] {
  return Object.entries(lists).flatMap(([field, entries]) => {
    const names = entries.map(({ name }) => name);
    const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
    return [...twice].map((name) => ({ field, message: `has the name ${JSON.stringify(name)} twice` }));
  });
}
