// Certification paths, of which one thing each is otherwise, held against Go's crypto/x509, by which every component of Kubernetes
// goes, and against openssl verify -x509_strict.
//
// A path is refused here where a certificate cannot be read, where no path is valid, or where the valid one breaks a rule that Go
// refuses it for (PATH_RULES, isRefusedByGo): of that `verify` makes an error, path-refused. What Go refuses is refused here,
// without exception, and by `verify` as well, where the path is that of a leaf in a directory. Each other disagreement is of a
// class that is listed with its reason, and each class is seen.
import { verifyClusterPki } from '../../dist/index.js';
import { loadForeignReader } from '../../dist/x509/certificate-reader.js';
import { PATH_RULES } from '../../dist/x509/path-rules.js';
import { validatePath } from '../../dist/x509/path.js';
import { encodePem, parsePemBlocks } from '../../dist/x509/pem.js';
import { mutatedQuestions } from '../chain-mutations.mjs';
import { kubeadmChains, opensslChains, ourChains } from '../chains.mjs';
import { GO, goVersion, verifyByGo, verifyByOpenssl } from '../peers.mjs';
import { randomOf } from '../random.mjs';

/** The seed that is known to see every class. */
const USUAL_SEED = 1;

/**
 * How many questions of a kind openssl is asked, a process for nearly each, and `verify`, a whole directory for each; of
 * what is changed by chance more.
 */
const ASKED_OF_OPENSSL = { each: 2, byChance: 60 };
const ASKED_OF_VERIFY = { each: 1, byChance: 30 };

const reader = await loadForeignReader();
const parsed = new WeakMap();
/** Most certificates stand in many questions. */
function read(der) {
  if (!parsed.has(der)) parsed.set(der, reader.parse(der));
  return parsed.get(der);
}

const isRefusedByGo = ({ problems }) => problems.some(({ rule }) => PATH_RULES[rule].isRefusedByGo);

/**
 * What is made of a question here: `isRefused`; `forecast`: whether Go is said to refuse it; `problems` of the path that
 * is nearest to a valid one, with its `certificates`; `unread`: the field that cannot be read, and why.
 */
function validate({ leaf, anchors, intermediates, at, purpose, host }) {
  let certificates;
  try {
    certificates = { leaf: read(leaf), anchors: anchors.map(read), intermediates: intermediates.map(read) };
  } catch (error) {
    if (error.code !== 'ERR_CERTIFICATE') throw error;
    const unread = error.message.replace(' of the certificate cannot be read', '');
    return { isRefused: true, forecast: true, unread, problems: [], certificates: [] };
  }
  const { leaf: certificate, ...authorities } = certificates;
  const { valid, others } = validatePath(certificate, {
    ...authorities,
    at,
    purpose,
    ...(host === undefined ? {} : { host }),
  });
  const paths = [...(valid === undefined ? [] : [valid]), ...others];
  const isRefused = valid === undefined || isRefusedByGo(valid);
  const nearest = paths.find((path) => !isRefusedByGo(path)) ?? paths[0];
  return { isRefused, forecast: paths.every(isRefusedByGo), ...nearest };
}

/** The rules for which a path is refused. */
function refusingRules({ problems }) {
  const rules = problems.map(({ rule }) => rule);
  return [...new Set(rules)].filter((rule) => PATH_RULES[rule].isRefused || PATH_RULES[rule].isRefusedByGo);
}

const said =
  (pattern) =>
  ({ problems }) =>
    problems.some(({ rule, message }) => PATH_RULES[rule].isRefused && pattern.test(message));
const unread =
  (pattern) =>
  ({ unread: text = '' }) =>
    pattern.test(text);

/** What speaks of bytes that are no DER, and of fields that nobody asked for. */
const NOT_READ_ON =
  /(?:a field too many|bytes follow its end|it is cut short|a length is .*|a tag has more than one byte)$/;

/** What RFC 5280 or NIST wants and Go does not mind has rules of its own. */
const STRICTER_RULES = Object.entries(PATH_RULES)
  .filter(([, rule]) => rule.isRefused && !rule.isRefusedByGo)
  .map(([id, { says, citation }]) => ({ why: `${says} (${citation})`, rules: [id], is: () => true }));

/**
 * What is refused here and not by Go, by the `rules` that it breaks; without them by the reader. A path may be refused for
 * several reasons, each of which has to be listed.
 */
const GO_ACCEPTS = [
  ...STRICTER_RULES,
  {
    why: 'Go reads no further than the key identifier of an authorityKeyIdentifier',
    is: unread(/^authorityKeyIdentifier: /),
  },
  { why: 'Go reads no further than the last field that it knows', is: unread(NOT_READ_ON) },
  {
    why: 'Go reads dates without seconds and with an offset',
    is: unread(/^validity: it is no date of RFC 5280 4\.1\.2\.5$/),
  },
  {
    why: 'Go does not look at the extensions of version 1 and 2, nor at what they forbid',
    is: unread(/^extensions: they need version 3/),
  },
  {
    why: 'Go passes over kinds of name that there are not',
    is: unread(/^subjectAltName: there is no such kind of name$/),
  },
  {
    why: 'a path length of more than 31 bits is one to Go',
    is: unread(/^basicConstraints: an INTEGER is negative or too large$/),
  },
  {
    why: "Go shifts unused bits out, which changes an anchor's signature, that nobody looks at, and an Ed25519 key",
    is: unread(/^(?:signatureValue|subjectPublicKeyInfo): a BIT STRING is no whole octets$/),
  },
  {
    why: 'Go looks at the key of a leaf when it shakes hands, not before',
    rules: ['key-kind'],
    is: ({ problems, certificates }) =>
      problems.every(({ rule, certificate }) => rule !== 'key-kind' || certificate === certificates[0]),
  },
  {
    why: 'Go verifies with keys on P-224, which TLS does not know',
    rules: ['key-kind'],
    is: said(/has a key that is not taken: EC secp224r1$/),
  },
  {
    why: 'Go reads no further than the numbers of an RSA key',
    rules: ['key-kind'],
    is: said(/has a key that is not taken: RSA-\d+$/),
  },
  {
    why: 'Go evaluates policies, and asks for none before as many certificates as it was told',
    rules: ['policy'],
    is: () => true,
  },
  {
    why: 'a keyUsage with no bit is to Go none',
    rules: ['cert-sign'],
    is: ({ certificates }) => certificates.some(({ keyUsage }) => keyUsage?.length === 0),
  },
  {
    why: 'an extKeyUsage of nothing is to Go none',
    rules: ['ext-key-usage'],
    is: ({ certificates }) => certificates.some(({ extKeyUsage }) => extKeyUsage?.length === 0),
  },
  {
    why: 'Go evaluates no constraints on directory names: critical ones it refuses, others it passes over',
    rules: ['name-constraints'],
    is: said(/has the directory name/),
  },
  {
    why: 'Go reads constraints with a minimum or maximum, with a wildcard and on mailboxes in quotes, and compares no name with them',
    rules: ['name-constraints'],
    is: said(/cannot be read: (?:it has a field too many|".*" has a wildcard|".*" is no mail address)$/),
  },
  {
    why: 'Go reads URIs that RFC 3986 does not have: relative, empty, with zones',
    rules: ['malformed-extension'],
    is: said(/is no URI$/),
  },
  {
    why: 'Go looks at mappings of any policy only while policies count',
    rules: ['malformed-extension'],
    is: said(/it maps any policy$/),
  },
  {
    why: 'Go reads no further than what it wants of extensions that it does not use',
    rules: ['malformed-extension'],
    is: said(NOT_READ_ON),
  },
];

/** What openssl takes where Go refuses, by the rules that it breaks here; without them by the reader. */
const OPENSSL_ACCEPTS = [
  { why: 'openssl reads encodings that are no DER, and values that Go does not take', is: () => true },
  {
    why: 'openssl does not look into names, URIs and the extensions that it has no use for',
    rules: ['malformed-name', 'malformed-extension'],
    is: () => true,
  },
  {
    why: 'openssl verifies with keys that no TLS of Go takes',
    rules: ['key-kind'],
    is: () => true,
  },
  {
    why: 'openssl verifies SHA-1 and MD5, and RSASSA-PSS with any salt',
    rules: ['signature-algorithm'],
    is: () => true,
  },
  { why: 'openssl does not look at policies unless it is told to', rules: ['policy'], is: () => true },
  { why: 'openssl does not look at serial numbers', rules: ['negative-serial-number'], is: () => true },
  {
    why: 'openssl compares names without case and string type (RFC 5280 7.1), Go their bytes',
    rules: ['issuer-name', 'issuer-absent'],
    is: ({ problems }) => problems.some(({ rule }) => rule === 'issuer-name'),
  },
  {
    why: 'this is what Go alone minds',
    rules: ['critical-in-go', 'validity-in-go', 'path-length-in-go', 'name-constraints-in-go'],
    is: () => true,
  },
  {
    why: 'openssl looks at those constraints alone that a name is held against',
    rules: ['name-constraints'],
    is: said(/name constraints that cannot be read/),
  },
  {
    why: "to openssl the usages of Microsoft's and Netscape's gated cryptography are those of a server",
    rules: ['ext-key-usage'],
    is: ({ certificates }) =>
      certificates.some(({ extKeyUsage = [] }) => extKeyUsage.includes('2.16.840.1.113730.4.1')),
  },
  {
    why: 'openssl matches a wildcard in a part of a label',
    rules: ['host'],
    is: ({ certificates: [leaf] }) => leaf.subjectAltName.some(({ value }) => /^[^*.]+\*/.test(value)),
  },
];

const nameText = ({ attributes }) =>
  attributes.map(({ oid, value }) => `${oid}=${value.trim().toLowerCase()}`).join();
/** As openssl compares names. */
const isSelfIssued = ({ issuer, subject }) => nameText(issuer) === nameText(subject);

const spkiText = ({ spkiDer }) => Buffer.from(spkiDer).toString('hex');
const subjectText = ({ subject }) => Buffer.from(subject.der).toString('hex');
const EMPTY_POINT = Buffer.from('30023000', 'hex');
// sha256WithRSAEncryption, and NULL twice.
const TWO_PARAMETERS = Buffer.from('300f06092a864886f70d01010b05000500', 'hex');
const HANDSHAKE_USAGES = ['digitalSignature', 'keyEncipherment', 'keyAgreement'];

/** What openssl refuses and nobody else; `of` is a pattern of its words. */
const OPENSSL_REFUSES = [
  {
    why: 'openssl wants an authority key identifier to be that of the signer',
    of: /^unable to (?:get local issuer|verify the first) certificate/,
    is: ({ problems }) => problems.some(({ rule }) => rule === 'key-identifier-mismatch'),
  },
  {
    why: 'openssl takes no keyUsage without bits, and no distribution point of nothing (RFC 5280 4.2.1.3, 4.2.1.13)',
    of: /^unable to (?:get local issuer|verify the first) certificate/,
    is: ({ certificates }) =>
      certificates.some(
        ({ keyUsage, extensions }) =>
          keyUsage?.length === 0 || extensions.some(({ der }) => Buffer.compare(der, EMPTY_POINT) === 0),
      ),
  },
  {
    why: 'to openssl whoever names itself as issuer is self-signed, and no namesake signed it',
    of: /^self-signed certificate/,
    is: ({ certificates: [leaf] }) => isSelfIssued(leaf),
  },
  {
    why: 'openssl tries one of several CAs of a name and key identifier',
    of: /^certificate signature failure/,
    is: (_, { anchors, intermediates }) => {
      const all = [...anchors, ...intermediates].map(read);
      return new Set(all.map(spkiText)).size > new Set(all.map(subjectText)).size;
    },
  },
  {
    why: 'openssl wants a CA to have a keyUsage, and keyCertSign beside a path length (RFC 5280 4.2.1.3, 4.2.1.9)',
    of: /^(?:CA cert does not include key usage extension|Path length given without key usage keyCertSign)/,
    is: ({ certificates }) =>
      certificates.some(
        ({ basicConstraints, keyUsage = [] }) =>
          basicConstraints?.isCa === true && !keyUsage.includes('keyCertSign'),
      ),
  },
  {
    why: 'to openssl anyExtendedKeyUsage is no purpose',
    of: /^unsuitable certificate purpose/,
    is: ({ certificates }) =>
      certificates.some(({ extKeyUsage = [] }) => extKeyUsage.includes('anyExtendedKeyUsage')),
  },
  {
    why: 'Go does not look at the keyUsage of a leaf before the handshake, which verify says (key-usage-missing)',
    of: /^unsuitable certificate purpose/,
    is: ({ certificates: [{ keyUsage = HANDSHAKE_USAGES }] }) =>
      !HANDSHAKE_USAGES.some((usage) => keyUsage.includes(usage)),
  },
  {
    why: 'to openssl the last second of a validity is outside',
    of: /^certificate has expired/,
    is: ({ certificates }, { at }) =>
      certificates.some(({ notAfter }) => notAfter.getTime() === at.getTime()),
  },
  {
    why: 'openssl knows no dot at the end of a host',
    of: /^hostname mismatch/,
    is: (_, { host }) => host.endsWith('.'),
  },
  {
    why: 'openssl reads no signature algorithm with two parameters',
    of: /^it cannot be read/,
    is: ({ certificates }) => certificates.some(({ tbsDer }) => Buffer.from(tbsDer).includes(TWO_PARAMETERS)),
  },
];

/** Adds up the reasons of a disagreement; what is of no class is a failure. */
function createTally(classes) {
  const counts = new Map();
  const failures = [];
  const count = (what) => counts.set(what, (counts.get(what) ?? 0) + 1);
  return {
    counts,
    failures,
    count,
    /** @param reasons Rules or words that a disagreement consists of, each of which needs a class. */
    classify(about, reasons, classOf) {
      const found = reasons.map((reason) => [reason, classOf(reason)]);
      const unlisted = found.filter(([, each]) => each === undefined).map(([reason]) => reason);
      if (unlisted.length > 0) failures.push(`${about}, which no class explains: ${unlisted.join(', ')}`);
      for (const why of new Set(found.flatMap(([, each]) => each?.why ?? []))) count(why);
    },
    unseen: () => classes.map(({ why }) => why).filter((why) => !counts.has(why)),
  };
}

/** What the classes have for a reason of a refusal: a rule, or none where the reader refuses. */
const classIn = (classes, ours) => (reason) =>
  classes.find(
    ({ rules, is }) =>
      (ours.unread === undefined ? rules?.includes(reason) : rules === undefined) && is(ours),
  );
const reasonsOf = (ours) => (ours.unread === undefined ? refusingRules(ours) : [ours.unread]);

const describe = ({ chain, role = '', kind }) => `${chain}, ${role} ${kind}`;

function holdAgainstGo(tally, question, ours, refusal) {
  const about = describe(question);
  if (refusal !== undefined && !ours.isRefused)
    tally.failures.push(`${about}: Go alone refuses it: ${refusal}`);
  if (refusal !== undefined && !ours.forecast)
    tally.failures.push(`${about}: Go refuses it, and is said not to: ${refusal}`);
  tally.count(`${ours.isRefused ? 'refused' : 'accepted'} here, ${refusal ? 'refused' : 'accepted'} by Go`);
  if (refusal === undefined && ours.isRefused)
    tally.classify(`${about}: Go accepts it`, reasonsOf(ours), classIn(GO_ACCEPTS, ours));
}

function holdAgainstOpenssl(tally, question, ours, [byGo, refusal]) {
  const about = describe(question);
  const outcome = refusal === undefined ? 'accepted' : 'refused';
  tally.count(`${ours.isRefused ? 'refused' : 'accepted'} here, ${outcome} by openssl`);
  if (refusal === undefined && ours.isRefused) {
    // Where Go accepts it, too, that has its class already.
    const classes = byGo === undefined ? GO_ACCEPTS : [...STRICTER_RULES, ...OPENSSL_ACCEPTS];
    tally.classify(`${about}: openssl accepts it`, reasonsOf(ours), classIn(classes, ours));
  }
  if (refusal !== undefined && !ours.isRefused)
    tally.classify(`${about}: openssl refuses it`, [refusal], (words) =>
      OPENSSL_REFUSES.find(({ of, is }) => of.test(words) && is(ours, question)),
    );
}

/** The files of a directory with another leaf in its place. */
function filesWith({ files, leafPath }, leaf) {
  return files.map((file) => {
    if (file.path !== leafPath) return file;
    const [, ...chain] = parsePemBlocks(file.contents).map(({ der }) => der);
    return { ...file, contents: [leaf, ...chain].map((der) => encodePem('CERTIFICATE', der)).join('') };
  });
}

/** Whether `verify` reports an error of the leaf's file, in the directory that a path is from. */
async function isErrorToVerify({ tree, leaf, at }) {
  const { findings } = await verifyClusterPki({ ...tree.options, files: filesWith(tree, leaf), at });
  return findings.some(({ severity, path }) => severity === 'error' && path === tree.leafPath);
}

/** The places of the first few questions of each kind, of those that `isWanted`. */
function fewOfEach(questions, { each, byChance }, isWanted = () => true) {
  const left = new Map();
  return [...questions.keys()].filter((index) => {
    const { kind, isByChance } = questions[index];
    if (!isWanted(questions[index], index)) return false;
    const remaining = left.get(kind) ?? (isByChance ? byChance : each);
    left.set(kind, remaining - 1);
    return remaining > 0;
  });
}

async function hold(context) {
  const random = randomOf(context.seed);
  const chains = [...(await ourChains()), ...kubeadmChains(), ...(await opensslChains(context))];
  const questions = mutatedQuestions(chains, random, read);
  const tally = createTally([...GO_ACCEPTS, ...OPENSSL_ACCEPTS, ...OPENSSL_REFUSES]);

  const byGo = verifyByGo(context, questions);
  const answers = questions.map(validate);
  for (const [index, question] of questions.entries())
    holdAgainstGo(tally, question, answers[index], byGo[index]);

  const asked = fewOfEach(questions, ASKED_OF_OPENSSL);
  const byOpenssl = await verifyByOpenssl(
    context,
    asked.map((index) => questions[index]),
  );
  for (const [position, index] of asked.entries())
    holdAgainstOpenssl(tally, questions[index], answers[index], [byGo[index], byOpenssl[position]]);

  const inTrees = fewOfEach(
    questions,
    ASKED_OF_VERIFY,
    (question, index) => question.tree !== undefined && question.role === 'leaf' && byGo[index] !== undefined,
  );
  for (const index of inTrees) {
    tally.count('leaves that Go refuses, and verify in their directory');
    if (!(await isErrorToVerify(questions[index])))
      tally.failures.push(`${describe(questions[index])}: verify has no error for what Go refuses`);
  }
  const unseen = context.seed === USUAL_SEED ? tally.unseen() : [];
  const counted = [...tally.counts].map(([what, number]) => `${number} × ${what}`);
  return {
    checks: questions.length + asked.length + inTrees.length,
    failures: [...tally.failures, ...unseen.map((why) => `listed and never seen: ${why}`)],
    note: [goVersion(context), ...counted].join('; '),
  };
}

export const cases = [{ id: "paths: Go's crypto/x509 and openssl", needs: [GO], run: hold }];
