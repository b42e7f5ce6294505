import { type DerElement, DerError, encodeDer, TAG } from './der.ts';

/**
 * Encodes a date of a validity period: UTCTime through 2049, GeneralizedTime from 2050 (RFC 5280 4.1.2.5).
 * A fraction of a second is dropped, because certificates cannot hold it.
 *
 * @throws {RangeError} outside the years 1950 to 9999.
 */
export function encodeTime(date: Date): Uint8Array {
  const year = date.getUTCFullYear();
  if (!(year >= 1950 && year <= 9999))
    throw new RangeError(`"date" expected a year from 1950 to 9999, got ${year}`);
  const digits = date.toISOString().replaceAll(/\.\d+|[-:T]/g, '');
  return year < 2050
    ? encodeDer(TAG.utcTime, Buffer.from(digits.slice(2)))
    : encodeDer(TAG.generalizedTime, Buffer.from(digits));
}

/**
 * Decodes a date of a validity period. GeneralizedTime is also read where RFC 5280 wants UTCTime, as Go does.
 *
 * @throws {DerError} for anything but whole seconds in UTC of a day that there is.
 */
export function decodeTime({ tag, content }: DerElement): Date {
  const text = Buffer.from(content).toString('latin1');
  const century = tag === TAG.generalizedTime ? '' : text >= '5' ? '19' : '20';
  const fields = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(century + text);
  const [, year, month, day, hour, minute, second] = fields ?? [];
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const date = new Date(iso);
  // Date takes 30 February for 2 March.
  if (Number.isNaN(date.getTime()) || date.toISOString() !== iso)
    throw new DerError('it is no date of RFC 5280 4.1.2.5');
  return date;
}
