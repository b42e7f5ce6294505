import { issueLeaf } from '../certs/issue.ts';
import { type Asking, checkRequest, checkRequestedKey, requestAlone } from '../checks/requests.ts';
import {
  type Evidence,
  isSameDer,
  parseAnyEvidence,
  type PresentFile,
  type RowEvidence,
} from '../checks/evidence.ts';
import { REQUEST_LABELS } from '../checks/contents.ts';
import type { CheckContext } from '../checks/check.ts';
import { isOver } from '../checks/time.ts';
import { runChecks } from '../checks/run.ts';
import { sharedModuliIn } from '../checks/weakness.ts';
import type { ClusterSpec } from '../cluster/spec.ts';
import { PkiError } from '../errors.ts';
import type { Finding } from '../finding.ts';
import type { PkiEnvironment } from '../pki.ts';
import { signingObstacle } from '../plan.ts';
import { withAlgorithm } from '../resolve/algorithm.ts';
import { resolveNodeRows, resolveRows } from '../resolve/rows.ts';
import { resolveValidity } from '../resolve/template.ts';
import { KEY_ALGORITHMS } from '../x509/algorithms.ts';
import { loadForeignReader, strictReader } from '../x509/certificate-reader.ts';
import { generateSerial } from '../x509/issue.ts';
import { algorithmOfSpki } from '../x509/keys.ts';
import {
  attributeValues,
  type Certificate,
  type CertificateRequest,
  COMMON_NAME_OID,
} from '../x509/model.ts';
import { damageError, encodePem, readPem } from '../x509/pem.ts';
import type { Signer } from '../x509/signer.ts';
import { isAskingRow } from './generate.ts';
import { isDer, type ReturnedFile } from './returned.ts';

/** Requests, and what decides which of them are signed. */
export interface SigningRequest {
  readonly spec: ClusterSpec;
  /** Further nodes whose kubelets may be signed for. */
  readonly nodes: readonly string[];
  /** The CAs, with their keys where nobody else signs for them. */
  readonly existing: readonly PresentFile[];
  readonly signers: ReadonlyMap<string, Signer>;
  readonly requests: readonly ReturnedFile[];
  /** The row that is meant, where a request could be for several. */
  readonly as?: string | undefined;
  /** Whether keys have to be of the algorithm of their rows; else of any that is used here. */
  readonly isAlgorithmAsked: boolean;
}

/** What becomes of a request. */
export interface Signing {
  readonly source: string;
  readonly request?: CertificateRequest;
  readonly outcome: 'signed' | 'refused';
  readonly row?: string;
  /** The id of the CA that signed. */
  readonly signer?: string;
  readonly certificate?: Certificate;
  /** PEM. */
  readonly contents?: string;
  /** Why it is refused, in a sentence part, where no finding says it. */
  readonly why?: string;
  /** Refused: why. Signed: what is odd about it all the same. */
  readonly findings: readonly Finding[];
}

type Content = { readonly request: CertificateRequest } | { readonly why: string };

/** The request of a file, or why there is no signing what it holds; undefined where it holds none. */
async function readRequest({ bytes }: ReturnedFile): Promise<Content | undefined> {
  if (isDer(bytes)) return contentOf(bytes);
  const { parts } = readPem(Buffer.from(bytes).toString('utf8'));
  const [part, ...further] = parts.filter(({ label }) => REQUEST_LABELS.includes(label));
  if (part === undefined) return undefined;
  if (further.length > 0)
    return { why: `holds ${further.length + 1} requests: put each into a file of its own` };
  return 'found' in part ? { why: damageError(part).message } : contentOf(part.der);
}

async function contentOf(der: Uint8Array): Promise<Content> {
  try {
    return { request: await parseAnyRequest(der) };
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    return { why: error.message };
  }
}

async function parseAnyRequest(der: Uint8Array): Promise<CertificateRequest> {
  try {
    return strictReader.parseRequest(der);
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    return (await loadForeignReader()).parseRequest(der);
  }
}

/** A row that a request is held against, with nothing there but the request: whoever signs has no keys of others. */
function askedOf(row: RowEvidence, request: CertificateRequest, isAlgorithmAsked: boolean): Asking {
  const id = algorithmOfSpki(request.spkiDer);
  const algorithm = isAlgorithmAsked || id === undefined ? undefined : KEY_ALGORITHMS[id];
  return requestAlone(withAlgorithm(row.desired, algorithm), request);
}

/** The key is where the request was made. */
const NOT_HERE: ReadonlySet<string> = new Set(['request-without-key']);

const ASK_ANEW =
  'whoever asks makes the request anew; or say what is meant by the flags of init, or --config';
const ANOTHER_KEY = 'whoever asks makes another key, and the request with it';

const isOfRequest = ({ code }: Finding): boolean => code.startsWith('request-');

/** A finding as it is said to whoever signs, who has the request and nothing else. */
function saidOf(source: string, finding: Finding): Finding {
  return { ...finding, path: source, remedy: isOfRequest(finding) ? ASK_ANEW : ANOTHER_KEY };
}

interface Held {
  readonly row: Asking;
  readonly findings: readonly Finding[];
}

/** Whether the same certificate would come of both. */
function isAlike({ desired: a }: Asking, { desired: b }: Asking): boolean {
  return (
    'certificate' in a &&
    'certificate' in b &&
    JSON.stringify(a.certificate) === JSON.stringify(b.certificate)
  );
}

/** Whether the request has the common name of the row. */
function isNamed({ desired, request }: Asking): boolean {
  const names = attributeValues(request.subject, COMMON_NAME_OID);
  return 'certificate' in desired && names.includes(desired.certificate.commonName);
}

/** The row that a request is for, or why there is none. */
function findRow(
  held: readonly Held[],
  as: string | undefined,
): Held | { readonly why: string; readonly findings: readonly Finding[]; readonly row?: string } {
  const named = held.filter(({ row }) => as === undefined || row.desired.id === as);
  const allowed = named.filter(({ findings }) => findings.length === 0);
  const [first] = allowed;
  if (first !== undefined) {
    if (allowed.every(({ row }) => isAlike(row, first.row))) return first;
    const ids = allowed.map(({ row }) => row.desired.id).join(', ');
    return { why: `can be for any of ${ids}: say which with --as`, findings: [] };
  }
  // The one that it is most like says what is wrong with it.
  const distance = ({ row, findings }: Held): number => (isNamed(row) ? 0 : 100) + findings.length;
  const [nearest] = named.toSorted((a, b) => distance(a) - distance(b));
  const id = nearest?.row.desired.id ?? '';
  const findings = nearest?.findings ?? [];
  if (findings.length > 0 && !findings.some(isOfRequest))
    return { why: `is for ${id}, with a key that none is signed for`, findings };
  return {
    why:
      as === undefined ? `is for nothing that this cluster has; it is most like ${id}` : `is not for ${id}`,
    findings,
  };
}

async function assertAsDesired(
  row: Asking,
  signing: { readonly certificate: Certificate; readonly signer: string },
  context: CheckContext,
) {
  const { certificate, signer } = signing;
  const path = row.desired.files[0]?.path ?? '';
  const own = { ...row, files: [{ path }], certificates: [certificate], signedBy: [signer] };
  const evidence = new Map([...context.evidence, [row.desired.id, own]]);
  const wanted = new Set(['half-pair', 'credential-absent', 'chain-incomplete', 'trust']);
  const findings = runChecks({ ...context, evidence }).filter(
    ({ row: id, severity, code }) => id === row.desired.id && severity === 'error' && !wanted.has(code),
  );
  const [first] = findings;
  if (first === undefined) return;
  throw new PkiError('ERR_SELF_CHECK', `${path} ${first.message} after it was issued`, {
    detail: { findings },
    hint: 'nothing was written; this is a defect of k8s-pki, please report it with these lines',
  });
}

interface Office {
  readonly evidence: Evidence;
  readonly context: CheckContext;
  readonly findings: readonly Finding[];
  readonly sharedModuli: ReturnType<typeof sharedModuliIn>;
  /** The keys that were signed for so far. */
  readonly signed: Map<string, RowEvidence>;
  readonly request: SigningRequest;
  readonly environment: Pick<PkiEnvironment, 'now' | 'randomBytes'>;
}

async function sign({ row }: Held, source: string, office: Office): Promise<Signing> {
  const { evidence, context, findings, request: asked, environment } = office;
  const { desired, request } = row;
  const base = { source, request, row: desired.id, findings: [] };
  if (!isAskingRow(desired)) return { ...base, outcome: 'refused', why: 'is for no certificate' };
  const { certificate: wanted } = desired;
  const signers = new Set(asked.signers.keys());
  const obstacle = signingObstacle(row, evidence, { findings, signers });
  const id = wanted.signer ?? '';
  const authority = evidence.get(id);
  const signer = asked.signers.get(id) ?? authority?.key;
  if (obstacle !== undefined || authority?.authority === undefined || signer === undefined)
    return { ...base, outcome: 'refused', why: obstacle?.message ?? `its CA, ${id}, is not here` };
  if (!isSameDer(authority.authority.spkiDer, signer.spkiDer))
    throw new PkiError(
      'ERR_KEY',
      `the signer given for ${id} has another key than the certificate of ${id}`,
      {
        detail: { expected: `the key of ${id}`, found: 'another key' },
      },
    );
  const validity = resolveValidity(wanted, environment.now, authority.authority);
  const serial = generateSerial(environment.randomBytes);
  const issuer = { certificate: authority.authority, signer };
  const der = await issueLeaf(wanted, { spkiDer: request.spkiDer, serial, validity }, issuer);
  const certificate = strictReader.parse(der);
  await assertAsDesired(row, { certificate, signer: id }, context);
  return { ...base, outcome: 'signed', signer: id, certificate, contents: encodePem('CERTIFICATE', der) };
}

/** Whether a certificate that is there is the answer to a request as well as the one that was made: for the same key, by the same CA, and says the same. */
export function isSameAnswer(present: Certificate, issued: Certificate, now: Date): boolean {
  const textOf = ({ spkiDer, issuer, subject, extensions }: Certificate): string =>
    [spkiDer, issuer.der, subject.der, ...extensions.flatMap(({ oid, der }) => [Buffer.from(oid), der])]
      .map((bytes) => Buffer.from(bytes).toString('base64'))
      .join(' ');
  return textOf(present) === textOf(issued) && !isOver(present.notAfter, now);
}

/** A file with what it holds. */
interface Opened {
  readonly source: string;
  readonly content: Content;
}

/** What is known of a key that is asked for, beside the request that is decided about. */
function keyRow(row: Asking, source: string): RowEvidence {
  return { ...row, files: [{ path: source }], publicKeys: [row.request.spkiDer] };
}

/** The RSA keys of all requests and of what is here that have a prime in common. */
function sharedModuliOf(opened: readonly Opened[], evidence: Evidence): ReturnType<typeof sharedModuliIn> {
  const [any] = evidence.values();
  const asked = opened.flatMap(({ source, content }) =>
    any === undefined || 'why' in content
      ? []
      : [[`request ${source}`, keyRow(askedOf(any, content.request, false), source)] as const],
  );
  return sharedModuliIn(new Map([...evidence, ...asked]));
}

async function decide({ source, content }: Opened, office: Office): Promise<Signing> {
  const { evidence, context, sharedModuli, signed, request: asked } = office;
  if ('why' in content) return { source, outcome: 'refused', why: content.why, findings: [] };
  const { request } = content;
  const audited = { ...context, audit: { warnWithinSeconds: 0, sharedModuli } };
  const held = [...evidence.values()]
    .filter(({ desired }) => isAskingRow(desired))
    .map((row): Held => {
      const asking = askedOf(row, request, asked.isAlgorithmAsked);
      const found = checkRequest(asking, audited).filter(({ code }) => !NOT_HERE.has(code));
      return { row: asking, findings: found.map((finding) => saidOf(source, finding)) };
    });
  const found = findRow(held, asked.as);
  if ('why' in found) return { source, request, outcome: 'refused', ...found };
  const signing = await sign(found, source, office);
  if (signing.outcome === 'refused') return signing;
  const odd = checkRequestedKey(found.row, new Map([...evidence, ...signed]), context);
  signed.set(`request ${source}`, keyRow(found.row, source));
  return { ...signing, findings: odd.map((finding) => saidOf(source, finding)) };
}

/**
 * Signs requests for the certificates that a cluster has, and no others: what each holds is what its row says, never what the
 * request asks for beyond that. Files that hold no request are passed over.
 *
 * @throws {PkiError} `ERR_USAGE` where the row that is meant is none; `ERR_KEY` for a signer that has not the key of its CA.
 */
export async function signAll(
  asked: SigningRequest,
  environment: Pick<PkiEnvironment, 'now' | 'randomBytes'>,
): Promise<readonly Signing[]> {
  const { spec, nodes, existing, signers, as } = asked;
  const rows = [...resolveRows(spec), ...nodes.flatMap((node) => resolveNodeRows(spec, node))];
  const ids = rows.filter(isAskingRow).map(({ id }) => id);
  if (as !== undefined && !ids.includes(as))
    throw new PkiError('ERR_USAGE', `there is no certificate called ${JSON.stringify(as)} to be signed`, {
      detail: {},
      hint: `one of ${ids.join(', ')}`,
    });
  const { evidence } = await parseAnyEvidence({ rows, files: existing, signers });
  const context = { now: environment.now, evidence, signers: new Set(signers.keys()) };
  const opened: Opened[] = [];
  for (const file of asked.requests) {
    const content = await readRequest(file);
    if (content !== undefined) opened.push({ source: file.name, content });
  }
  const office = {
    evidence,
    context,
    findings: runChecks(context),
    sharedModuli: sharedModuliOf(opened, evidence),
    signed: new Map<string, RowEvidence>(),
    request: asked,
    environment,
  };
  const decided: Signing[] = [];
  for (const one of opened) decided.push(await decide(one, office));
  return decided;
}
