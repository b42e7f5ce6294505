import { parseCommandLines } from './command-lines.ts';
import type { Components, ComponentText } from './command.ts';
import { parseManifest } from './manifest.ts';
import { parseUnits } from './unit.ts';

/**
 * Reads how components are started, from what starts them. Opens no file and judges nothing; what cannot be read is in
 * `unreadable`, and what it leads to outside of the texts is in `unfollowed` of its command.
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { parseComponents, readClusterPki, verifyClusterPki } from 'k8s-pki';
 *
 * const path = '/etc/kubernetes/manifests/kube-apiserver.yaml';
 * const components = await parseComponents([{ path, form: 'manifest', contents: readFileSync(path, 'utf8') }]);
 * const { findings } = await verifyClusterPki({ files: await readClusterPki('/etc/kubernetes/pki'), components });
 * ```
 */
export async function parseComponents(texts: readonly ComponentText[]): Promise<Components> {
  const withContents = (form: ComponentText['form']): readonly { path: string; contents: string }[] =>
    texts.flatMap(({ contents, ...text }) =>
      text.form === form && contents !== undefined ? [{ path: text.path, contents }] : [],
    );
  const parsed = [
    ...(await Promise.all(
      withContents('manifest').map(({ path, contents }) => parseManifest(path, contents)),
    )),
    parseUnits(withContents('unit')),
    ...withContents('arguments').map(({ path, contents }) => parseCommandLines(path, contents)),
  ];
  const blocked = texts
    .filter(({ contents }) => contents === undefined)
    .map(({ path, obstacle = 'cannot be read' }) => ({ path, message: obstacle }));
  return {
    commands: parsed.flatMap(({ commands }) => commands),
    unreadable: [...blocked, ...parsed.flatMap(({ unreadable }) => unreadable)],
  };
}
