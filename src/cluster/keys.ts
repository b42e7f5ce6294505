import { ALGORITHMS } from '../table/algorithms.ts';
import { hasChange } from '../table/versions.ts';
import { KEY_ALGORITHM_IDS, type KeyAlgorithmId } from '../x509/algorithms.ts';
import { anyOf, parseKeyAlgorithm, parseSaKeyAlgorithm } from './choices.ts';
import { parseDuration } from './durations.ts';
import type { GivenOptions } from './given.ts';
import type { Parsed } from './parsed.ts';
import type { ClusterSpec } from './spec.ts';

type Ruling = Pick<ClusterSpec, 'profile' | 'kubernetesVersion'>;
type Algorithms = Pick<ClusterSpec, 'keyAlgorithm' | 'saKeyAlgorithm'>;
type Periods = Pick<ClusterSpec, 'certValiditySeconds' | 'caValiditySeconds' | 'notBeforeSkewSeconds'>;

/** Whether kubeadm of that release can make keys of this algorithm, if need be by a feature gate. */
function isInKubeadm(id: KeyAlgorithmId, { kubernetesVersion }: Ruling): boolean {
  const since = ALGORITHMS[id].kubeadmSince;
  return since !== undefined && hasChange(kubernetesVersion, since);
}

function refuseWhatKubeadmLacks(
  given: GivenOptions,
  ruling: Ruling,
  { keyAlgorithm, saKeyAlgorithm }: Algorithms,
): void {
  if (!given.areSound('kubernetesVersion', 'keyAlgorithm')) return;
  if (!isInKubeadm(keyAlgorithm, ruling)) {
    const known = KEY_ALGORITHM_IDS.filter((id) => isInKubeadm(id, ruling));
    given.refuse('keyAlgorithm', {
      rule: `must be one that kubeadm ${ruling.kubernetesVersion.text} has, in the kubeadm profile`,
      hint: anyOf(known),
    });
  } else if (saKeyAlgorithm !== keyAlgorithm) {
    given.refuse('saKeyAlgorithm', {
      rule: `must be ${keyAlgorithm} like all other keys, in the kubeadm profile`,
      hint: 'leave --sa-key-algorithm out',
    });
  }
}

/** Which algorithms the options ask for, in the light of profile and release. */
export function parseAlgorithms(given: GivenOptions, ruling: Ruling): Algorithms {
  const keyAlgorithm = given.one('keyAlgorithm', parseKeyAlgorithm) ?? 'RSA-2048';
  const algorithms = {
    keyAlgorithm,
    saKeyAlgorithm:
      given.one('saKeyAlgorithm', parseSaKeyAlgorithm) ??
      (ALGORITHMS[keyAlgorithm].signsServiceAccountTokens ? keyAlgorithm : 'RSA-2048'),
  };
  if (ruling.profile === 'kubeadm') refuseWhatKubeadmLacks(given, ruling, algorithms);
  return algorithms;
}

const MINUTE = 60;
const DAY = 86_400;

/** A period of a certificate's life; the upper bound keeps every notAfter within the years that a date can hold. */
export function parseValidity(text: string): Parsed<number> {
  const parsed = parseDuration(text);
  if ('rule' in parsed || (parsed.value >= MINUTE && parsed.value <= 1000 * 365 * DAY)) return parsed;
  return { rule: 'must be from 1m to 1000y', hint: 'for example 8760h, 365d or 10y' };
}

function parseSkew(text: string): Parsed<number> {
  const parsed = parseDuration(text);
  if ('rule' in parsed || parsed.value <= DAY) return parsed;
  return { rule: 'must be from 0s to 24h', hint: 'for example 5m' };
}

/** The periods that the options ask for; the defaults are kubeadm's. */
export function parsePeriods(given: GivenOptions): Periods {
  return {
    certValiditySeconds: given.one('certValidity', parseValidity) ?? 365 * DAY,
    caValiditySeconds: given.one('caValidity', parseValidity) ?? 3650 * DAY,
    notBeforeSkewSeconds: given.one('notBeforeSkew', parseSkew) ?? 5 * MINUTE,
  };
}
