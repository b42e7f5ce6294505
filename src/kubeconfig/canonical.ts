import { OTHER_WORDS } from './scalar.ts';

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

const WORDS = [...OTHER_WORDS].filter((word) => /^[A-Za-z]/.test(word));
// A plain scalar that begins with a letter and is none of these is a string.
const NAME = `(?!(?:${WORDS.join('|')})\n)([A-Za-z][A-Za-z0-9]*(?:[.@_:/-][A-Za-z0-9]+)*)`;
const DATA = '((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)';
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
