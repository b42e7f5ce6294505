import type { ClusterSpec } from '../cluster/spec.ts';
import type { Text } from '../table/row.ts';

/**
 * Fills the placeholders of a table text. One pass: what is put in is not looked at again.
 *
 * @throws RangeError for a placeholder that has no value here; the table's tests go through all of them.
 */
export function fillText(text: Text, spec: ClusterSpec, more: Readonly<Record<string, string>> = {}): string {
  const values: Readonly<Record<string, string>> = {
    nodeName: spec.nodeName,
    clusterName: spec.clusterName,
    serviceDnsDomain: spec.serviceDnsDomain,
    serviceDnsFirstLabel: spec.serviceDnsDomain.replace(/\..*$/s, ''),
    ...more,
  };
  return text.replaceAll(/\{([A-Za-z]+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined)
      throw new RangeError(`"{${name}}" expected one of ${Object.keys(values).join(', ')}`);
    return value;
  });
}
