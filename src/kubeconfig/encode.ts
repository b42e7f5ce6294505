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
/** The same as long as the certificate is only asked for: the key alone. */
export type PendingCredentials = Pick<KubeconfigCredentials, 'clientKeyPem'> & Partial<KubeconfigCredentials>;

const base64 = (pem: string): string => Buffer.from(pem).toString('base64');

/**
 * Writes a kubeconfig as kubectl writes it: keys in alphabetical order, everything embedded (R6, kubeadm.md 2.1).
 * Of one that is only asked for what there is. The text ends in a newline.
 */
export function encodeKubeconfig(
  desired: DesiredKubeconfig,
  credentials: PendingCredentials | TokenCredentials,
): string {
  const { cluster, context, user } = desired;
  const embed = (name: string, pem: string | undefined): readonly string[] =>
    pem === undefined ? [] : [`    ${name}: ${base64(pem)}`];
  return [
    'apiVersion: v1',
    'clusters:',
    '- cluster:',
    ...embed('certificate-authority-data', credentials.certificateAuthorityPem),
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
          ...embed('client-certificate-data', credentials.clientCertificatePem),
          ...embed('client-key-data', credentials.clientKeyPem),
        ]),
    '',
  ].join('\n');
}
