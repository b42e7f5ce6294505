import { stringify } from 'yaml';

/** Documents in YAML, divided by `---`. */
export function toYaml(documents: readonly unknown[]): readonly string[] {
  return documents.flatMap((document, index) => [
    ...(index === 0 ? [] : ['---']),
    ...stringify(document, { indentSeq: false, lineWidth: 0 }).trimEnd().split('\n'),
  ]);
}
