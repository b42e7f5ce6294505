import type { Evidence, RowEvidence } from '../checks/evidence.ts';
import { nameText } from '../checks/text.ts';
import { timeText } from '../checks/time.ts';
import { columns, printable } from './columns.ts';

/** A certificate that is there: of a file with several, the first. */
export interface HeldCertificate {
  /** The id of its row. */
  readonly id: string;
  /** The logical path of its file. */
  readonly path: string;
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly isCa: boolean;
  /** The id of the CA whose key made the signature, its own where it signed itself; absent where none that is here did. */
  readonly signer?: string;
  /** The id of the CA that should have signed; absent where it did. */
  readonly expectedSigner?: string;
}

/** A certificate with those that it signed. */
export interface SignatureNode extends HeldCertificate {
  readonly signed: readonly SignatureNode[];
}

function heldCertificate({
  desired,
  files: [file],
  certificates: [certificate],
  signedBy: [signer],
}: RowEvidence): readonly HeldCertificate[] {
  if (file === undefined || certificate === undefined || !('certificate' in desired)) return [];
  const expectedSigner = desired.certificate.signer ?? desired.id;
  return [
    {
      id: desired.id,
      path: file.path,
      subject: nameText(certificate.subject),
      issuer: nameText(certificate.issuer),
      notBefore: certificate.notBefore,
      notAfter: certificate.notAfter,
      isCa: desired.kind === 'ca',
      ...(signer === undefined ? {} : { signer }),
      ...(signer === expectedSigner ? {} : { expectedSigner }),
    },
  ];
}

/** The certificate of every row that has one, in the order of the table. */
export function heldCertificates(evidence: Evidence): readonly HeldCertificate[] {
  return [...evidence.values()].flatMap(heldCertificate);
}

/** Who signed whom, by the signatures themselves. What signed itself, or was signed by nobody who is here, is at the top. */
export function signatureTree(evidence: Evidence): readonly SignatureNode[] {
  const certificates = heldCertificates(evidence);
  const placed = new Set<string>();
  const grow = (certificate: HeldCertificate): SignatureNode => {
    placed.add(certificate.id);
    const signed = certificates.filter(({ id, signer }) => signer === certificate.id && !placed.has(id));
    return { ...certificate, signed: signed.map(grow) };
  };
  const roots = certificates.filter(({ id, signer }) => signer === undefined || signer === id).map(grow);
  // CAs that signed each other have no top of their own.
  for (const certificate of certificates) if (!placed.has(certificate.id)) roots.push(grow(certificate));
  return roots;
}

/** What is wrong with the place of a certificate in the tree; empty where nothing is. */
export function signerRemark({ issuer, signer, expectedSigner }: HeldCertificate): string {
  if (signer === undefined) return `signed by ${issuer}, which is not here`;
  return expectedSigner === undefined ? '' : `should be signed by ${expectedSigner}`;
}

const UNICODE = { branch: '├── ', last: '└── ', through: '│   ' };
const ASCII = { branch: '|-- ', last: '`-- ', through: '|   ' };

type Strokes = typeof ASCII;

function branchRows(
  nodes: readonly SignatureNode[],
  strokes: Strokes,
  indent: string,
): readonly (readonly string[])[] {
  return nodes.flatMap((node, index) => {
    const isLast = index === nodes.length - 1;
    return [
      cells(node, indent + (isLast ? strokes.last : strokes.branch)),
      ...branchRows(node.signed, strokes, indent + (isLast ? '    ' : strokes.through)),
    ];
  });
}

function cells(node: SignatureNode, indent: string): readonly string[] {
  const day = timeText(node.notAfter).slice(0, 10);
  return [indent + node.id, printable(node.subject), day, printable(signerRemark(node))];
}

/** The tree for a terminal, with lines of Unicode or of ASCII alone. */
export function treeText(
  roots: readonly SignatureNode[],
  { isUnicode }: { readonly isUnicode: boolean },
): readonly string[] {
  const strokes = isUnicode ? UNICODE : ASCII;
  return columns([
    ['NAME', 'SUBJECT', 'ENDS', ''],
    ...roots.flatMap((root) => [cells(root, ''), ...branchRows(root.signed, strokes, '')]),
  ]);
}

function nodeJson(node: SignatureNode, pathOf: (logicalPath: string) => string): object {
  return {
    ...node,
    path: pathOf(node.path),
    notBefore: timeText(node.notBefore),
    notAfter: timeText(node.notAfter),
    signed: node.signed.map((child) => nodeJson(child, pathOf)),
  };
}

/** The tree for programs; docs/json.md describes it. */
export function treeJson(
  roots: readonly SignatureNode[],
  {
    directories,
    pathOf,
  }: { readonly directories: readonly string[]; readonly pathOf: (logicalPath: string) => string },
): object {
  return { schema: 'k8s-pki/tree/v1', directories, roots: roots.map((root) => nodeJson(root, pathOf)) };
}
