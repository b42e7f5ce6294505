import type { SpecIssue } from '../errors.ts';
import { ALGORITHMS } from '../table/algorithms.ts';
import { hasChange } from '../table/versions.ts';
import { familyOf, isInside, isLoopback, isSiteLocal } from './address.ts';
import type { GivenOptions } from './given.ts';
import type { OptionKey } from './options.ts';
import type { Breach } from './parsed.ts';
import type { ClusterSpec } from './spec.ts';

type Warn = (key: OptionKey, breach: Breach, value?: string) => void;

function checkAddresses(
  { hostAddresses, advertiseAddress, serviceCidrs }: ClusterSpec,
  key: OptionKey,
  warn: Warn,
): void {
  const addresses = new Map<string, OptionKey>([
    [advertiseAddress, 'apiserverAdvertiseAddress'],
    ...hostAddresses.map((address) => [address, key] as const),
  ]);
  for (const [address, option] of addresses) {
    const network = serviceCidrs.find((cidr) => isInside(address, cidr));
    if (isLoopback(address))
      warn(option, { rule: 'is a loopback address', hint: 'no other host reaches it' }, address);
    if (network === undefined) continue;
    const rule = `lies in the service network ${network.address}/${network.prefixLength}`;
    warn(option, { rule, hint: 'choose another --service-cidr' }, address);
  }
}

function checkServices({ advertiseAddress, serviceCidrs }: ClusterSpec, warn: Warn): void {
  const family = familyOf(advertiseAddress);
  if (serviceCidrs[0]?.family !== family) {
    const example = family === 4 ? '10.96.0.0/12' : 'fd00:10:96::/112';
    warn('serviceCidr', {
      rule: `does not begin with an IPv${family} network like the advertise address ${advertiseAddress}`,
      hint: `--service-cidr ${example}, and one of the other family after it for dual stack`,
    });
  }
  if (serviceCidrs.some(isSiteLocal)) {
    warn('serviceCidr', {
      rule: 'is of the site-local addresses, which RFC 3879 gave up',
      hint: 'choose one of fc00::/7',
    });
  }
}

// RFC 5280 appendix A.1, ub-common-name. Go, and so kubeadm, does not look at it.
const MAX_COMMON_NAME_LENGTH = 64;

function checkNodeName({ nodeName }: ClusterSpec, warn: Warn): void {
  const { length } = `system:node:${nodeName}`;
  if (length <= MAX_COMMON_NAME_LENGTH) return;
  warn('nodeName', {
    rule: `makes a common name of ${length} characters, and RFC 5280 appendix A.1 allows ${MAX_COMMON_NAME_LENGTH}`,
    hint: 'Kubernetes takes it, other programs may not',
  });
}

function checkKeys({ profile, kubernetesVersion, keyAlgorithm }: ClusterSpec, warn: Warn): void {
  const since = ALGORITHMS[keyAlgorithm].kubeadmWithoutGateSince;
  if (profile !== 'kubeadm' || since === undefined || hasChange(kubernetesVersion, since)) return;
  warn('keyAlgorithm', {
    rule: `needs the feature gate PublicKeysECDSA in kubeadm before ${since}`,
    hint: 'set it in the configuration that kubeadm itself is given',
  });
}

// kubeadm's defaults; it warns of longer ones as well (kubeadm.md 7.3).
export const USUAL_CERT_SECONDS: number = 8760 * 3600;
const USUAL_CA_SECONDS = 87_600 * 3600;

function checkPeriods({ certValiditySeconds, caValiditySeconds }: ClusterSpec, warn: Warn): void {
  if (certValiditySeconds > USUAL_CERT_SECONDS) {
    warn('certValidity', {
      rule: 'is longer than the usual 8760h',
      hint: 'a stolen key is of use for as long',
    });
  }
  if (caValiditySeconds > USUAL_CA_SECONDS) {
    warn('caValidity', {
      rule: 'is longer than the usual 87600h',
      hint: 'a stolen key is of use for as long',
    });
  }
  if (certValiditySeconds > caValiditySeconds) {
    warn('certValidity', {
      rule: 'is longer than --ca-validity',
      hint: 'certificates will end with their CA',
    });
  }
}

/** What is odd about a specification, yet can be done. */
export function warningsOf(spec: ClusterSpec, given: GivenOptions): readonly SpecIssue[] {
  const warnings: SpecIssue[] = [];
  const warn: Warn = (key, breach, value) => void warnings.push(given.issueOf(key, breach, value));
  checkAddresses(spec, given.has('hostIp') ? 'hostIp' : 'apiserverAdvertiseAddress', warn);
  checkServices(spec, warn);
  checkNodeName(spec, warn);
  checkKeys(spec, warn);
  checkPeriods(spec, warn);
  return warnings;
}
