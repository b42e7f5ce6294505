import { parseYaml, type YamlPath } from '../cluster/yaml.ts';
import { PkiError } from '../errors.ts';
import type { KubeconfigCredentials } from './encode.ts';
import { parseKubeconfig } from './parse.ts';

/** What is written anew in a kubeconfig; of `server`, only where it is given. */
export interface KubeconfigChanges extends KubeconfigCredentials {
  readonly server?: string;
}

const base64 = (pem: string): string => Buffer.from(pem).toString('base64');

/** The place of a named entry in a list of a kubeconfig. */
function indexOf(document: unknown, list: string, name: string): number {
  const entries: unknown = Object(document)[list];
  return Array.isArray(entries) ? entries.findIndex((entry: unknown) => Object(entry).name === name) : -1;
}

/**
 * Writes what the current context of a kubeconfig embeds anew, and leaves every other character of the text as it is:
 * other entries, comments, order. Where it names a file for its CA, it goes on to.
 *
 * @throws {PkiError} `ERR_KUBECONFIG` where a field is not there as a text of its own.
 */
export async function editKubeconfig(text: string, changes: KubeconfigChanges): Promise<string> {
  const { cluster, user, certificateAuthority } = await parseKubeconfig(text);
  const { clientCertificatePem, clientKeyPem, certificateAuthorityPem, server } = changes;
  const embedsAuthority = certificateAuthority !== undefined && 'pem' in certificateAuthority;
  const edits: readonly (readonly [list: string, name: string, path: YamlPath, value: string])[] = [
    ['users', user, ['user', 'client-certificate-data'], base64(clientCertificatePem)],
    ['users', user, ['user', 'client-key-data'], base64(clientKeyPem)],
    ...(embedsAuthority
      ? [
          [
            'clusters',
            cluster,
            ['cluster', 'certificate-authority-data'],
            base64(certificateAuthorityPem),
          ] as const,
        ]
      : []),
    ...(server === undefined ? [] : [['clusters', cluster, ['cluster', 'server'], server] as const]),
  ];
  const { value: document, scalarAt } = await parseYaml(text);
  const places = edits.map(([list, name, path, value]) => {
    const scalar = scalarAt([list, indexOf(document, list, name), ...path]);
    if (scalar !== undefined) return { ...scalar, value };
    const field = path.join('.');
    throw new PkiError('ERR_KUBECONFIG', `kubeconfig field ${field} is not written as a text of its own`, {
      detail: { field },
      hint: 'write it without an anchor or an alias, then run again',
    });
  });
  // From the end, so that the places before stay where they are.
  return places
    .toSorted((a, b) => b.start - a.start)
    .reduce(
      (edited, { start, end, isQuoted, value }) =>
        edited.slice(0, start) + (isQuoted ? JSON.stringify(value) : value) + edited.slice(end),
      text,
    );
}
