import type { Certificate } from './model.ts';
import { weaknessOfKey } from './path-certificate.ts';
import { isSelfIssued, nameOf, nameText, type PathProblem, type PathRuleId } from './path-rules.ts';
import { isSignedBy, isVerifiable } from './signature.ts';

/** Certificates from the leaf upwards, each signed with the key of the next. */
export interface ProspectivePath {
  readonly certificates: readonly Certificate[];
  /** Why it goes no further; none: its last certificate is a trust anchor. */
  readonly ends: readonly PathProblem[];
}

/** The certificates that may have signed others. */
export interface Authorities {
  readonly anchors: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
}

/** A certificate with what the search asks of it again and again. */
interface Node {
  readonly certificate: Certificate;
  readonly isAnchor: boolean;
  /** Subject and key. No path has one twice: it would do without what lies between, and cross-signed CAs go in circles. */
  readonly identity: string;
}

interface Search {
  readonly nodes: readonly Node[];
  readonly bySubject: ReadonlyMap<string, readonly Node[]>;
  readonly mayTry: () => boolean;
  isOver: boolean;
}

/**
 * Finds paths from a certificate to trust anchors, by names, keys and signatures alone, in Go's order: anchors before
 * intermediates, matching key identifiers before others. Paths that lead nowhere are given too. A certificate that is an
 * anchor is a path by itself; nobody looks at an anchor's own signature.
 *
 * @param mayTry Asked before each issuer is tried. When it says no, one last path tells so.
 */
export function* findPaths(
  certificate: Certificate,
  { anchors, intermediates }: Authorities,
  mayTry: () => boolean,
): Generator<ProspectivePath> {
  if (anchors.some(({ der }) => Buffer.compare(der, certificate.der) === 0)) {
    yield { certificates: [certificate], ends: [] };
    return;
  }
  // Of equals the last stays: an anchor that is also sent along as an intermediate is an anchor.
  const nodes = new Map(
    [
      ...intermediates.map((intermediate) => nodeOf(intermediate, false)),
      ...anchors.map((anchor) => nodeOf(anchor, true)),
    ].map((node) => [textOf(node.certificate.der), node]),
  );
  const bySubject = new Map<string, Node[]>();
  for (const node of nodes.values()) {
    const subject = textOf(node.certificate.subject.der);
    bySubject.set(subject, [...(bySubject.get(subject) ?? []), node]);
  }
  yield* extend(nodeOf(certificate, false), [], {
    nodes: [...nodes.values()],
    bySubject,
    mayTry,
    isOver: false,
  });
}

function* extend(node: Node, below: readonly Node[], search: Search): Generator<ProspectivePath> {
  const { certificate } = node;
  const path = [...below, node];
  const certificates = path.map((one) => one.certificate);
  const issuers = issuersOf(certificate, path, search);
  if (issuers.length === 0) {
    yield { certificates, ends: [deadEnd(certificate, search)] };
    return;
  }
  const refusals: PathProblem[] = [];
  for (const issuer of issuers) {
    if (search.isOver) return;
    if (!search.mayTry()) {
      search.isOver = true;
      const message = `${nameOf(certificate)} has more issuers that may have signed it than are tried`;
      yield { certificates, ends: [{ rule: 'limit', certificate, message }] };
      return;
    }
    const refusal = refusalOf(issuer.certificate, certificate);
    if (refusal !== undefined) refusals.push(refusal);
    else if (issuer.isAnchor) yield { certificates: [...certificates, issuer.certificate], ends: [] };
    else yield* extend(issuer, path, search);
  }
  if (refusals.length === issuers.length) yield { certificates, ends: refusals };
}

/** Who may have signed a certificate, the likeliest first; nobody where its signature says nothing. */
function issuersOf(certificate: Certificate, path: readonly Node[], search: Search): readonly Node[] {
  if (!isVerifiable(certificate)) return [];
  const namesakes = search.bySubject.get(textOf(certificate.issuer.der)) ?? [];
  const identities = new Set(path.map(({ identity }) => identity));
  const rankOf = ({ isAnchor, certificate: { subjectKeyIdentifier } }: Node): number =>
    (isAnchor ? 0 : 2) + (subjectKeyIdentifier === certificate.authorityKeyIdentifier ? 0 : 1);
  return namesakes
    .filter(({ identity }) => !identities.has(identity))
    .toSorted((a, b) => rankOf(a) - rankOf(b));
}

/** Why an issuer of the right name did not sign a certificate, if so. */
function refusalOf(issuer: Certificate, certificate: Certificate): PathProblem | undefined {
  const weakness = weaknessOfKey(issuer.spkiDer);
  // Such a key is not even verified with: some take OpenSSL longer than a hundred others.
  if (weakness?.[0] === 'key-kind')
    return { rule: 'key-kind', certificate: issuer, message: `${nameOf(issuer)} ${weakness[1]}` };
  if (isSignedBy(certificate, issuer.spkiDer)) return undefined;
  const message = `${nameOf(certificate)} is not signed with the key of ${nameOf(issuer)}`;
  return { rule: 'signature', certificate, message };
}

/** Why a certificate has nobody who may have signed it. */
function deadEnd(certificate: Certificate, { nodes, bySubject }: Search): PathProblem {
  const problem = (rule: PathRuleId, message: string): PathProblem => ({
    rule,
    certificate,
    message: `${nameOf(certificate)} ${message}`,
  });
  const { issuer, authorityKeyIdentifier, signatureAlgorithmOid } = certificate;
  if (!isVerifiable(certificate))
    return problem(
      'signature-algorithm',
      `is signed with an algorithm that is not taken: ${signatureAlgorithmOid}`,
    );
  if (isSelfIssued(certificate))
    return problem('issuer-absent', 'has its own name as issuer and is no trust anchor');
  if (bySubject.has(textOf(issuer.der)))
    return problem('issuer-absent', 'has an issuer that is below it already');
  const lookalike = nodes.find(
    ({ certificate: { subject, subjectKeyIdentifier } }) =>
      nameText(subject) === nameText(issuer) ||
      (subjectKeyIdentifier !== undefined && subjectKeyIdentifier === authorityKeyIdentifier),
  );
  return lookalike === undefined
    ? problem('issuer-absent', `has an issuer that is not at hand: ${nameText(issuer)}`)
    : problem(
        'issuer-name',
        `has an issuer whose bytes are not the subject of ${nameOf(lookalike.certificate)}`,
      );
}

function nodeOf(certificate: Certificate, isAnchor: boolean): Node {
  const { subject, spkiDer } = certificate;
  return { certificate, isAnchor, identity: textOf(subject.der) + textOf(spkiDer) };
}

/** Bytes as the key of a map. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
