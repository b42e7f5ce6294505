import type { DesiredKubeconfig } from '../resolve/desired.ts';
import { encodeField } from './scalar.ts';

/** What is embedded in a kubeconfig, as PEM. */
export interface KubeconfigCredentials {
  readonly certificateAuthorityPem: string;
  readonly clientCertificatePem: string;
  readonly clientKeyPem: string;
}

/** The same with a bearer token in place of a certificate. */
export interface TokenCredentials {
  readonly certificateAuthorityPem: string;
  readonly token: string;
}

const base64 = (pem: string): string => Buffer.from(pem).toString('base64');

/**
 * Writes a kubeconfig as kubectl writes it: keys in alphabetical order, everything embedded (R6, kubeadm.md 2.1).
 * The text ends in a newline.
 */
export function encodeKubeconfig(
  desired: DesiredKubeconfig,
  credentials: KubeconfigCredentials | TokenCredentials,
): string {
  const { cluster, context, user } = desired;
  return [
    'apiVersion: v1',
    'clusters:',
    '- cluster:',
    `    certificate-authority-data: ${base64(credentials.certificateAuthorityPem)}`,
    `    server: ${desired.server}`,
    encodeField('  name', cluster),
    'contexts:',
    '- context:',
    encodeField('    cluster', cluster),
    encodeField('    user', user),
    encodeField('  name', context),
    encodeField('current-context', context),
    'kind: Config',
    ...(desired.hasPreferences ? ['preferences: {}'] : []),
    'users:',
    encodeField('- name', user),
    '  user:',
    ...('token' in credentials
      ? [encodeField('    token', credentials.token)]
      : [
          `    client-certificate-data: ${base64(credentials.clientCertificatePem)}`,
          `    client-key-data: ${base64(credentials.clientKeyPem)}`,
        ]),
    '',
  ].join('\n');
}
