import { timeText } from '../checks/time.ts';
import { printable } from './columns.ts';
import { type SignatureNode, signerRemark } from './tree.ts';

/** A node with the number that stands for it in a drawing, and the number of the one that signed it. */
interface NumberedNode {
  readonly number: number;
  readonly parent?: number;
  readonly node: SignatureNode;
}

function numbered(roots: readonly SignatureNode[]): readonly NumberedNode[] {
  const all: NumberedNode[] = [];
  const visit = (node: SignatureNode, parent?: number): void => {
    const number = all.length;
    all.push({ number, node, ...(parent === undefined ? {} : { parent }) });
    for (const child of node.signed) visit(child, number);
  };
  for (const root of roots) visit(root);
  return all;
}

function labelLines(node: SignatureNode): readonly string[] {
  const remark = signerRemark(node);
  const lines = [node.id, node.subject, `ends ${timeText(node.notAfter).slice(0, 10)}`];
  return [...lines, ...(remark === '' ? [] : [remark])].map(printable);
}

/** Everything but letters, digits and the plainest signs as Mermaid's own character codes: its labels hold Markdown and HTML. */
function mermaidText(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N} .,:=-]/gu, (character) => `#${character.codePointAt(0)};`);
}

/** The tree as a flow chart of Mermaid, as wikis and issues draw it. */
export function treeMermaid(roots: readonly SignatureNode[]): readonly string[] {
  const nodes = numbered(roots);
  return [
    'flowchart LR',
    ...nodes.map(({ number, node }) => {
      const label = `"${labelLines(node).map(mermaidText).join('<br>')}"`;
      return `  n${number}${node.isCa ? `[[${label}]]` : `[${label}]`}`;
    }),
    ...nodes.flatMap(({ number, parent }) => (parent === undefined ? [] : [`  n${parent} --> n${number}`])),
    ...nodes
      .filter(({ node }) => signerRemark(node) !== '')
      .map(({ number }) => `  style n${number} stroke:#b3261e,stroke-width:3px`),
  ];
}

/** In a label of Graphviz a backslash starts an escape and an ampersand an entity (graphviz.org, escString). */
function dotText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll(/["\\]/g, '\\$&');
}

/** The tree as a graph for Graphviz. */
export function treeDot(roots: readonly SignatureNode[]): readonly string[] {
  const nodes = numbered(roots);
  return [
    'digraph pki {',
    '  rankdir=LR;',
    '  node [shape=box, fontname="sans-serif"];',
    ...nodes.map(({ number, node }) => {
      const label = `label="${labelLines(node).map(dotText).join('\\n')}"`;
      const shape = node.isCa ? ', style=bold' : '';
      return `  n${number} [${label}${shape}${signerRemark(node) === '' ? '' : ', color="#b3261e"'}];`;
    }),
    ...nodes.flatMap(({ number, parent }) => (parent === undefined ? [] : [`  n${parent} -> n${number};`])),
    '}',
  ];
}
