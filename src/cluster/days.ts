/** Whether a text is a day of the calendar, as 2027-06-30. */
export function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  // Date takes 30 February for 2 March.
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}
