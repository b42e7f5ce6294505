import { parseNodeName } from '../cluster/names.ts';
import { ROWS } from '../table/rows.ts';
import { NODES, pathOnNode, pathsOf } from './paths.ts';
import { besideKey } from './requests.ts';

/** The logical paths of what a node may have here, requests included. */
export function nodePaths(nodeName: string): readonly string[] {
  return ROWS.filter(({ per, kind }) => per === 'node' && kind === 'kubeconfig')
    .flatMap(pathsOf)
    .map((path) => pathOnNode(nodeName, path))
    .flatMap((path) => [path, besideKey(path)]);
}

/** Whether a logical path is that of a file of another node; the name may be any that a node can have. */
export function isNodePath(path: string): boolean {
  const [top, nodeName = ''] = path.split('/');
  return `${top}/` === NODES && 'value' in parseNodeName(nodeName) && nodePaths(nodeName).includes(path);
}
