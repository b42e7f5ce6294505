import { dirname, join, resolve } from 'node:path';
import type { PresentFile } from '../checks/evidence.ts';
import { certificateFilesOf } from '../kubeconfig/parse.ts';
import { hostRootOf } from '../layout.ts';
import { filesNamedIn, obstacleOf } from '../present.ts';
import type { Source } from '../sources/source.ts';
import { followLinks, isInside } from '../store/directories.ts';
import { readFileState } from '../store/files.ts';
import { KUBELET_CERTIFICATES } from '../table/kubelet.ts';

/** Reads `path` of the host whose root is `root`; on a copy of a disk an absolute link leads to the host that looks. */
function readOnHost(path: string, root: string): readonly PresentFile[] {
  const place = join(root, path);
  const target = root === '/' ? place : followLinks(place);
  if (root !== '/' && !isInside(target, root))
    return [{ path: place, obstacle: `leads out of ${root}, to ${target}` }];
  const state = readFileState(place);
  if (state.kind === 'absent') return [];
  return [
    state.kind === 'file'
      ? { path: place, contents: state.contents, mode: state.mode }
      : { path: place, obstacle: obstacleOf(state) },
  ];
}

const certificatesNamedIn = ({ contents = '' }: PresentFile): Promise<readonly string[]> =>
  filesNamedIn(contents, certificateFilesOf);

/** The kubeconfigs of this host that are named, with the certificates that they name. */
export async function readKubeconfigs(paths: readonly string[]): Promise<readonly PresentFile[]> {
  const kubeconfigs = paths.flatMap((path) => readOnHost(path, '/'));
  const named = await Promise.all(
    kubeconfigs.map(async (file) =>
      (await certificatesNamedIn(file)).map((name) => resolve(dirname(file.path), name)),
    ),
  );
  const others = [...new Set(named.flat())].filter((path) => !paths.includes(path));
  return [...kubeconfigs, ...others.flatMap((path) => readOnHost(path, '/'))];
}

/**
 * What lies outside of the directories that were read and belongs to the same host, where they are called as on a host
 * (`/mnt/etc/kubernetes` is of the one at `/mnt`): the certificates that the kubelet renews, and what kubeconfigs name.
 */
export async function readBeside({ files, readFrom }: Source): Promise<readonly PresentFile[]> {
  const root = readFrom && hostRootOf(readFrom);
  if (readFrom === undefined || root === undefined) return [];
  const kubeconfigs = files.filter(({ path }) => !path.includes('/'));
  const named = await Promise.all(kubeconfigs.map(certificatesNamedIn));
  const paths = [
    ...new Set([...KUBELET_CERTIFICATES, ...named.flat().filter((file) => file.startsWith('/'))]),
  ];
  const inside = [readFrom.certDir, readFrom.kubeconfigDir];
  return paths
    .filter((path) => !inside.some((directory) => isInside(join(root, path), directory)))
    .flatMap((path) => readOnHost(path, root));
}
