import type { SpecIssue } from '../errors.ts';
import { parseValidity } from './keys.ts';
import { isShowable } from './names.ts';
import { USUAL_CERT_SECONDS } from './warnings.ts';

/** One more user of a cluster, as asked for. */
export interface UserOptions {
  /** The user name; the CN of the certificate. */
  readonly clientName: string;
  /** The groups; the O values of the certificate. Each is one group, whatever characters it has. */
  readonly org?: readonly string[] | undefined;
  /** A bearer token in place of a certificate. */
  readonly token?: string | undefined;
  /** `8760h`, `90d`; default: 8760h, as kubeadm's. */
  readonly validityPeriod?: string | undefined;
}

/** Whom a certificate names. */
export interface UserIdentity {
  readonly clientName: string;
  /** Each once. */
  readonly organization: readonly string[];
}

/** A user understood. */
export interface ParsedUser {
  readonly identity: UserIdentity;
  readonly token?: string;
  readonly validitySeconds: number;
  readonly issues: readonly SpecIssue[];
  readonly warnings: readonly SpecIssue[];
}

const MAX_LENGTH = 1024;
// RFC 5280 appendix A.1, ub-common-name and ub-organization-name. Neither Go nor the API server looks at them.
const USUAL_LENGTH = 64;

function issueOfName(option: string, what: string, value: unknown): readonly SpecIssue[] {
  if (typeof value !== 'string') return [{ option, rule: 'must be a string' }];
  const issue = (rule: string, hint: string): readonly SpecIssue[] => [{ option, value, rule, hint }];
  if (value.trim() === '') return issue('must not be empty', `name the ${what}`);
  if (value !== value.trim())
    return issue('must not have white space around it', `did you mean ${value.trim()}`);
  if (value.length > MAX_LENGTH)
    return issue(`must be at most ${MAX_LENGTH} characters long`, 'choose a shorter name');
  return isShowable(value)
    ? []
    : issue('must be made of characters that can be shown', 'leave out control and format characters');
}

function warningOfLength(option: string, value: string): readonly SpecIssue[] {
  if (value.length <= USUAL_LENGTH) return [];
  const rule = `has ${value.length} characters, and RFC 5280 appendix A.1 allows ${USUAL_LENGTH}`;
  return [{ option, value, rule, hint: 'Kubernetes takes it, other programs may not' }];
}

/** Without its value: a token is a secret, right or wrong. */
function issueOfToken(token: unknown): readonly SpecIssue[] {
  // RFC 6750 2.1 has fewer characters; what keeps others from going into a header stands in RFC 9110 5.5.
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return [];
  const rule = 'must be ASCII without blanks, and not empty';
  return [{ option: 'token', rule, hint: 'as kubectl create token and kubeadm token create print it' }];
}

function warningsOfUser(
  {
    identity: { clientName, organization },
    token,
    validitySeconds,
  }: Pick<ParsedUser, 'identity' | 'token' | 'validitySeconds'>,
  validityPeriod: string | undefined,
): readonly SpecIssue[] {
  if (token !== undefined) {
    const rule = 'says nothing beside --token: the cluster knows whose token it is';
    return organization.map((value) => ({ option: 'org', value, rule }));
  }
  const long: SpecIssue = {
    option: 'validity-period',
    ...(validityPeriod === undefined ? {} : { value: validityPeriod }),
    rule: 'is longer than the usual 8760h',
    hint: 'a stolen key is of use for as long, and no certificate can be taken back',
  };
  return [
    ...(validitySeconds > USUAL_CERT_SECONDS ? [long] : []),
    ...warningOfLength('client-name', clientName),
    ...organization.flatMap((group) => warningOfLength('org', group)),
  ];
}

/** Reads one more user. What is wrong and what is odd is gathered, by the flags of `kubeconfig user`. */
export function parseUser({ clientName, org = [], token, validityPeriod }: UserOptions): ParsedUser {
  const groups: readonly unknown[] = Array.isArray(org) ? org : [org];
  const organization = [...new Set(groups.map(String))];
  const validity = validityPeriod === undefined ? undefined : parseValidity(validityPeriod);
  const validitySeconds = validity !== undefined && 'value' in validity ? validity.value : USUAL_CERT_SECONDS;
  const issues = [
    ...issueOfName('client-name', 'user', clientName),
    ...groups.flatMap((group) => issueOfName('org', 'group', group)),
    ...(token === undefined ? [] : issueOfToken(token)),
    ...(validity !== undefined && 'rule' in validity
      ? [{ option: 'validity-period', value: String(validityPeriod), ...validity }]
      : []),
  ];
  const parsed = {
    identity: { clientName, organization },
    ...(token === undefined ? {} : { token }),
    validitySeconds,
  };
  // Of what is wrong, nothing is odd.
  return { ...parsed, issues, warnings: issues.length > 0 ? [] : warningsOfUser(parsed, validityPeriod) };
}
