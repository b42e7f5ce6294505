import type { Certificate } from '../x509/model.ts';
import { PATH_RULES, type PathProblem, type PathRuleId } from '../x509/path-rules.ts';
import { validatePath } from '../x509/path.ts';
import { type Check, certificateCheck } from './check.ts';
import { isSameDer } from './evidence.ts';
import { ISSUE_LEAF_ANEW } from './remedies.ts';
import { timeText } from './time.ts';
import { isOddRsaLength } from './weakness.ts';

// Each has a check of its own, which says it of the certificate concerned.
const NAMED_ELSEWHERE: readonly PathRuleId[] = ['validity', 'signature', 'issuer-name', 'issuer-absent'];

// As do these, as long as it is the certificate itself that has it wrong and another one that signed it.
const NAMED_BY_ITSELF: readonly PathRuleId[] = [
  'signature-algorithm',
  'negative-serial-number',
  'critical-extension',
  'never-critical',
];

function isNamedElsewhere({ rule, certificate }: PathProblem, leaf: Certificate): boolean {
  if (NAMED_ELSEWHERE.includes(rule)) return true;
  if (certificate !== leaf) return false;
  // So it is of a key that is too long.
  if (rule === 'key-kind' && isOddRsaLength(leaf.spkiDer, 'certificate')) return true;
  const isSelfIssued = isSameDer(leaf.issuer.der, leaf.subject.der);
  return rule === 'ext-key-usage' || (NAMED_BY_ITSELF.includes(rule) && !isSelfIssued);
}

/** What every component refuses; what only RFC 5280 minds is said of each certificate by itself. */
function isSerious(problem: PathProblem, leaf: Certificate): boolean {
  return PATH_RULES[problem.rule].isRefusedByGo && !isNamedElsewhere(problem, leaf);
}

/** Whether whoever verifies a certificate finds a way from it to the CA of its role. */
export const PATH_CHECKS: readonly Check[] = [
  certificateCheck(
    {
      code: 'path-refused',
      only: 'audit',
      severity: 'error',
      says: 'From a certificate a path that breaks no rule leads to the CA of its role, for each of its purposes',
      citation: 'RFC 5280 6.1, crypto/x509',
      remedy: `mend the certificate that is named; where it is this one, ${ISSUE_LEAF_ANEW}`,
      appliesTo: ['certificate', 'kubeconfig'],
    },
    ({ certificate, desired }, { certificates, signedBy }, { now, evidence }) => {
      const { signer = '' } = desired;
      // Of another CA than its own it is `signer-mismatch`.
      if (!signedBy.includes(signer)) return [];
      const anchors = evidence.get(signer)?.certificates ?? [];
      const problems = desired.extKeyUsage.flatMap((purpose) => {
        const options = { anchors, intermediates: certificates.slice(1), at: now, purpose };
        const { valid, others } = validatePath(certificate, options);
        return (valid ?? others[0])?.problems.filter((problem) => isSerious(problem, certificate)) ?? [];
      });
      const texts = new Set(problems.map(({ message }) => message));
      return [...texts].map((message) => ({
        field: 'path',
        message,
        expected: `a path to ${signer} at ${timeText(now)}`,
      }));
    },
  ),
];
