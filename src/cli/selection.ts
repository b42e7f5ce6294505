import type { Arguments } from 'yargs';
import type { SpecIssue } from '../errors.ts';
import { type FormerAudit, parseFormerAudit } from '../select/baseline.ts';
import { type TakenSelection, takeSelection } from '../select/take.ts';
import { parseWaiverFile } from '../select/waiver-file.ts';
import { HOST_ROLES } from '../table/row.ts';
import { assertNoIssues } from './issues.ts';
import { readNamedText } from './named-file.ts';
import { textOf } from './words.ts';

/** A report on ten thousand files stays below. */
const MAXIMUM_BYTES = 64 * 1024 * 1024;

/** What of an audit is wanted and, where it is to be compared with a former one, that one and its file. */
export interface AskedSelection extends Omit<TakenSelection, 'issues'> {
  readonly former?: { readonly file: string; readonly audit: FormerAudit };
}

/** What a file holds, or everything that is wrong with it. */
type Read<T> = { readonly value: T } | { readonly faults: readonly Omit<SpecIssue, 'option' | 'value'>[] };

function readText(option: string, file: string): Read<string> {
  const read = readNamedText(option, file, MAXIMUM_BYTES);
  return 'text' in read ? { value: read.text } : { faults: [read.issue] };
}

async function readWaivers(file: string): Promise<Awaited<ReturnType<typeof parseWaiverFile>>> {
  const text = readText('waivers', file);
  return 'value' in text ? parseWaiverFile(text.value) : { waivers: [], ...text };
}

function readFormerAudit(file: string): Read<FormerAudit> {
  const text = readText('baseline', file);
  const parsed = 'value' in text ? parseFormerAudit(text.value) : text;
  return 'rule' in parsed ? { faults: [parsed] } : parsed;
}

/**
 * What the flags say of what is to be shown. Reads the files that they name.
 *
 * @throws {PkiError} `ERR_CONFIG` with everything that is wrong.
 */
export async function selectionOf(parsed: Arguments): Promise<AskedSelection> {
  const asked = textOf(parsed, 'role');
  const files = { waivers: textOf(parsed, 'waivers'), baseline: textOf(parsed, 'baseline') };
  const accepted = files.waivers === undefined ? undefined : await readWaivers(files.waivers);
  const former = files.baseline === undefined ? undefined : readFormerAudit(files.baseline);
  const audit = former !== undefined && 'value' in former ? former.value : undefined;
  const taken = takeSelection({
    role: HOST_ROLES.find((role) => role === asked),
    focus: textOf(parsed, 'focus'),
    skip: textOf(parsed, 'skip'),
    waivers: accepted?.waivers,
    baseline: audit?.findings,
  });
  const faults = {
    waivers: accepted?.faults ?? [],
    baseline: former !== undefined && 'faults' in former ? former.faults : [],
  };
  const { issues: wrong, ...sound } = taken;
  const issues = (['waivers', 'baseline'] as const).flatMap((option) =>
    faults[option].map((fault): SpecIssue => ({ option, value: files[option] ?? '', ...fault })),
  );
  assertNoIssues([...wrong, ...issues]);
  return {
    ...sound,
    ...(audit === undefined ? {} : { former: { file: files.baseline ?? '', audit } }),
  };
}
