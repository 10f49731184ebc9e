// The state of an exercise in a few words.
const HEADLINES = {
  passed: "all right",
  partial: "partly right",
  failed: "not right yet",
  error: "ended with an error",
  timeout: "took too long",
  missing: "not answered yet",
};

/** As in "partly right, 5 of 8 points". */
export function inWords({ status, score, max_score }) {
  const points = (value) => String(+value.toPrecision(4));
  return `${HEADLINES[status] ?? status}, ${points(score)} of ${points(max_score)} points`;
}
