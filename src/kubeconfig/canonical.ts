/** The parts of a kubeconfig with one cluster, one context and one user, as texts. */
export interface CanonicalKubeconfig {
  readonly authorityData: string;
  readonly server: string;
  readonly cluster: string;
  readonly context: string;
  readonly user: string;
  readonly certificateData: string;
  readonly keyData: string;
}

// Words that YAML 1.1 or 1.2 reads as something other than a string, each in the three ways it may be written.
const OTHER_TYPES = ['y', 'n', 'yes', 'no', 'on', 'off', 'true', 'false', 'null'].flatMap((word) => [
  word,
  word.toUpperCase(),
  word.slice(0, 1).toUpperCase() + word.slice(1),
]);
// A plain scalar that begins with a letter and is none of these is a string.
const NAME = `(?!(?:${OTHER_TYPES.join('|')})\n)([A-Za-z][A-Za-z0-9]*(?:[.@_:/-][A-Za-z0-9]+)*)`;
const DATA = '([A-Za-z0-9+/]+={0,2})';
const CANONICAL = new RegExp(
  [
    '^apiVersion: v1',
    'clusters:',
    '- cluster:',
    `    certificate-authority-data: ${DATA}`,
    '    server: (https://[A-Za-z0-9.:[\\]-]+)',
    `  name: ${NAME}`,
    'contexts:',
    '- context:',
    '    cluster: \\3',
    `    user: ${NAME}`,
    `  name: ${NAME}`,
    'current-context: \\5',
    'kind: Config',
    '(?:preferences: \\{\\}\n)?users:',
    '- name: \\4',
    '  user:',
    `    client-certificate-data: ${DATA}`,
    `    client-key-data: ${DATA}\n$`,
  ].join('\n'),
);

/**
 * Reads a kubeconfig that stands in the very lines in which `encodeKubeconfig` and kubeadm write it. `undefined` for any
 * other, which is no judgement: the YAML library reads those. It takes a hundred times as long, which counts where there
 * are thousands of nodes.
 */
export function parseCanonical(text: string): CanonicalKubeconfig | undefined {
  const [, authorityData, server, cluster, user, context, certificateData, keyData] =
    CANONICAL.exec(text) ?? [];
  if (
    authorityData === undefined ||
    server === undefined ||
    cluster === undefined ||
    user === undefined ||
    context === undefined ||
    certificateData === undefined ||
    keyData === undefined
  ) {
    return undefined;
  }
  return { authorityData, server, cluster, context, user, certificateData, keyData };
}
