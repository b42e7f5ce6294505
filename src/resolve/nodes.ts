import { parseNodeName } from '../cluster/names.ts';
import type { ClusterSpec } from '../cluster/spec.ts';
import { ROWS } from '../table/rows.ts';
import type { DesiredRow } from './desired.ts';
import { pathOnNode, pathsOf } from './paths.ts';
import { besideKey } from './requests.ts';
import { resolveNodeRows } from './rows.ts';

/** The rows of which every node has its own, with the name of the host of the specification. */
const ofNodes = (): ReadonlySet<string> =>
  new Set(ROWS.filter(({ per, kind }) => per === 'node' && kind === 'kubeconfig').map(({ id }) => id));

/** What another node has for itself, each by the logical path of its file: that names it on this side, too. */
export function resolvePendingNodeRows(spec: ClusterSpec, node: string): readonly DesiredRow[] {
  return resolveNodeRows(spec, node).flatMap((row) =>
    row.files.slice(0, 1).map(({ path: id }) => ({ ...row, id, purpose: `kubelet of ${node}` })),
  );
}

/** The logical paths of what a node may have here, requests included. */
export function nodePaths(node: string): readonly string[] {
  const ids = ofNodes();
  return ROWS.filter(({ id }) => ids.has(id))
    .flatMap(pathsOf)
    .flatMap((path) => [pathOnNode(node, path), besideKey(pathOnNode(node, path))]);
}

/** Whether a logical path is that of a file of another node; the name may be any that a node can have. */
export function isNodePath(path: string): boolean {
  const [, node] = /^nodes\/([^/]+)\//.exec(path) ?? [];
  return node !== undefined && 'value' in parseNodeName(node) && nodePaths(node).includes(path);
}
