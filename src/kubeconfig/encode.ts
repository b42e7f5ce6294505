import type { DesiredKubeconfig } from '../resolve/desired.ts';

/** What is embedded in a kubeconfig, as PEM. */
export interface KubeconfigCredentials {
  readonly certificateAuthorityPem: string;
  readonly clientCertificatePem: string;
  readonly clientKeyPem: string;
}

// What YAML 1.1, which Go's YAML keeps to, would read as something other than a string.
const BOOLEAN_OR_NULL = /^(?:y|n|yes|no|on|off|true|false|null|~)$/i;
const NUMBER_OR_DATE =
  /^(?:[-+]?(?:0[xo][0-9a-f_]+|0b[01_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?|\.[0-9_]+(?:e[-+]?[0-9]+)?|\.inf|[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?)|\.nan|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\s].*)?)$/i;
// YAML 1.2 7.3.3: what a plain scalar must not begin with, hold or end with.
const NOT_PLAIN = /^(?:[,[\]{}#&*!|>'"%@`\s]|[-?](?:\s|$))|:(?:\s|$)|\s#|\s$/;

const base64 = (pem: string): string => Buffer.from(pem).toString('base64');

/** One string as a YAML scalar, quoted where and as Go's YAML quotes it. Takes no control characters. */
function scalar(value: string): string {
  if (value === '' || BOOLEAN_OR_NULL.test(value) || NUMBER_OR_DATE.test(value)) return JSON.stringify(value);
  return NOT_PLAIN.test(value) ? `'${value.replaceAll("'", "''")}'` : value;
}

/**
 * Writes a kubeconfig as kubectl writes it: keys in alphabetical order, everything embedded (R6, kubeadm.md 2.1).
 * The text ends in a newline.
 */
export function encodeKubeconfig(desired: DesiredKubeconfig, credentials: KubeconfigCredentials): string {
  const cluster = scalar(desired.cluster);
  const context = scalar(desired.context);
  const user = scalar(desired.user);
  return [
    'apiVersion: v1',
    'clusters:',
    '- cluster:',
    `    certificate-authority-data: ${base64(credentials.certificateAuthorityPem)}`,
    `    server: ${desired.server}`,
    `  name: ${cluster}`,
    'contexts:',
    '- context:',
    `    cluster: ${cluster}`,
    `    user: ${user}`,
    `  name: ${context}`,
    `current-context: ${context}`,
    'kind: Config',
    ...(desired.hasPreferences ? ['preferences: {}'] : []),
    'users:',
    `- name: ${user}`,
    '  user:',
    `    client-certificate-data: ${base64(credentials.clientCertificatePem)}`,
    `    client-key-data: ${base64(credentials.clientKeyPem)}`,
    '',
  ].join('\n');
}
