/** The filter of the findings. It shows itself: without it everything is there to read. */
export const SCRIPT = `
'use strict';
const page = document;
const form = page.querySelector('form');
const findings = [...page.querySelectorAll('[data-severity]')];
const texts = findings.map((finding) => finding.textContent.toLowerCase());
form.addEventListener('submit', (event) => event.preventDefault());
form.addEventListener('input', () => {
  const words = form.elements.words.value.toLowerCase().split(/\\s+/);
  findings.forEach((finding, index) => {
    const isWanted = form.elements[finding.dataset.severity].checked;
    finding.hidden = !isWanted || words.some((word) => !texts[index].includes(word));
  });
  form.querySelector('output').value = findings.filter(({ hidden }) => !hidden).length + ' of ' + findings.length;
});
form.hidden = false;
`;
