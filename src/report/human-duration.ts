const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 3600;
const DAY_SECONDS = 86_400;
const YEAR_SECONDS = 365 * DAY_SECONDS;

interface Scale {
  /** It holds for whatever is shorter. */
  readonly below: number;
  readonly unit: readonly [seconds: number, letter: string];
  /** What is left over is told in this unit, where that is anything. */
  readonly rest?: readonly [seconds: number, letter: string];
}

const SECOND = [1, 's'] as const;
const MINUTE = [MINUTE_SECONDS, 'm'] as const;
const HOUR = [HOUR_SECONDS, 'h'] as const;
const DAY = [DAY_SECONDS, 'd'] as const;
const YEAR = [YEAR_SECONDS, 'y'] as const;

/** How precise a period is told: k8s.io/apimachinery/pkg/util/duration, HumanDuration. */
const SCALES: readonly Scale[] = [
  { below: 2 * MINUTE_SECONDS, unit: SECOND },
  { below: 10 * MINUTE_SECONDS, unit: MINUTE, rest: SECOND },
  { below: 3 * HOUR_SECONDS, unit: MINUTE },
  { below: 8 * HOUR_SECONDS, unit: HOUR, rest: MINUTE },
  { below: 2 * DAY_SECONDS, unit: HOUR },
  { below: 8 * DAY_SECONDS, unit: DAY, rest: HOUR },
  { below: 2 * YEAR_SECONDS, unit: DAY },
  { below: 8 * YEAR_SECONDS, unit: YEAR, rest: DAY },
  { below: Number.POSITIVE_INFINITY, unit: YEAR },
];

/** A period of whole seconds as kubectl and kubeadm tell it: `364d`, `3y12d`, `<invalid>` for what is over. */
export function humanDuration(seconds: number): string {
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  const scale = SCALES.find(({ below }) => seconds < below);
  if (scale === undefined) throw new RangeError(`"seconds" expected a number, got ${seconds}`);
  const [size, letter] = scale.unit;
  const [restSize = size, restLetter = ''] = scale.rest ?? [];
  const rest = Math.floor((seconds % size) / restSize);
  return `${Math.floor(seconds / size)}${letter}${rest === 0 ? '' : `${rest}${restLetter}`}`;
}
