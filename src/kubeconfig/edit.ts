import { type ParsedYaml, parseYaml, type YamlPath } from '../cluster/yaml.ts';
import { PkiError } from '../errors.ts';
import type { KubeconfigCredentials } from './encode.ts';
import { parseKubeconfig } from './parse.ts';

/** What is written anew in a kubeconfig: of the client's credential and of `server`, only what is given. */
export interface KubeconfigChanges extends Partial<Omit<KubeconfigCredentials, 'certificateAuthorityPem'>> {
  readonly certificateAuthorityPem: string;
  readonly server?: string;
  /** What it does not have yet it gets: as long as its certificate was only asked for, it trusts nothing. */
  readonly fillsIn?: boolean;
}

/** The field before which one that is missing is put, in the order in which kubectl writes them. */
const FOLLOWERS: Readonly<Record<string, string>> = {
  'client-certificate-data': 'client-key-data',
  'certificate-authority-data': 'server',
};

/** Where a field goes that is not there: before the line of another one, with the same indentation. */
function lineBefore(text: string, at: number, follower: string): string | undefined {
  const start = text.lastIndexOf('\n', at - 1) + 1;
  const [indent] = /^[ ]*/.exec(text.slice(start)) ?? [''];
  return text.startsWith(`${follower}:`, start + indent.length) ? indent : undefined;
}

const base64 = (pem: string): string => Buffer.from(pem).toString('base64');

/** The place of a named entry in a list of a kubeconfig. */
function indexOf(document: unknown, list: string, name: string): number {
  const entries: unknown = Object(document)[list];
  return Array.isArray(entries) ? entries.findIndex((entry: unknown) => Object(entry).name === name) : -1;
}

/** The place of a field that is missing, and what stands around its value there. */
function placeOfMissing(
  text: string,
  {
    entry,
    path,
    scalarAt,
  }: { readonly entry: YamlPath; readonly path: YamlPath } & Pick<ParsedYaml, 'scalarAt'>,
):
  | { readonly start: number; readonly end: number; readonly prefix: string; readonly suffix: string }
  | undefined {
  const name = String(path.at(-1));
  const follower = FOLLOWERS[name] ?? '';
  const at = scalarAt([...entry, ...path.slice(0, -1), follower])?.start;
  const indent = at === undefined ? undefined : lineBefore(text, at, follower);
  if (at === undefined || indent === undefined) return undefined;
  const start = text.lastIndexOf('\n', at - 1) + 1;
  return { start, end: start, prefix: `${indent}${name}: `, suffix: '\n' };
}

/**
 * Writes what the current context of a kubeconfig embeds anew, and leaves every other character of the text as it is:
 * other entries, comments, order. Where it names a file for its CA, it goes on to.
 *
 * @throws {PkiError} `ERR_KUBECONFIG` where a field is not there as a text of its own.
 */
export async function editKubeconfig(text: string, changes: KubeconfigChanges): Promise<string> {
  const { cluster, user, certificateAuthority } = await parseKubeconfig(text);
  const { clientCertificatePem, clientKeyPem, certificateAuthorityPem, server, fillsIn = false } = changes;
  const embedsAuthority = certificateAuthority === undefined ? fillsIn : 'pem' in certificateAuthority;
  const authorityPem = embedsAuthority ? certificateAuthorityPem : undefined;
  const fields: readonly (readonly [
    list: string,
    name: string,
    path: YamlPath,
    value: string | undefined,
  ])[] = [
    [
      'users',
      user,
      ['user', 'client-certificate-data'],
      clientCertificatePem && base64(clientCertificatePem),
    ],
    ['users', user, ['user', 'client-key-data'], clientKeyPem && base64(clientKeyPem)],
    ['clusters', cluster, ['cluster', 'certificate-authority-data'], authorityPem && base64(authorityPem)],
    ['clusters', cluster, ['cluster', 'server'], server],
  ];
  const edits = fields.flatMap(([list, name, path, value]) =>
    value === undefined ? [] : [[list, name, path, value] as const],
  );
  const { value: document, scalarAt } = await parseYaml(text);
  const places = edits.map(([list, name, path, value]) => {
    const entry = [list, indexOf(document, list, name)];
    const scalar = scalarAt([...entry, ...path]);
    if (scalar !== undefined) return { ...scalar, value: scalar.isQuoted ? JSON.stringify(value) : value };
    const field = path.join('.');
    const missing = fillsIn ? placeOfMissing(text, { entry, path, scalarAt }) : undefined;
    if (missing !== undefined) return { ...missing, value: missing.prefix + value + missing.suffix };
    throw new PkiError('ERR_KUBECONFIG', `kubeconfig field ${field} is not written as a text of its own`, {
      detail: { field },
      hint: 'write it without an anchor or an alias, then run again',
    });
  });
  // From the end, so that the places before stay where they are.
  return places
    .toSorted((a, b) => b.start - a.start)
    .reduce((edited, { start, end, value }) => edited.slice(0, start) + value + edited.slice(end), text);
}
