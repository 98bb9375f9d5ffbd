// Numbers as landscape/report/formats.py writes them, so that the script and the static tables agree.
export const ABSENT = "–";

export function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return ABSENT;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const exponent = Math.floor(Math.log10(Math.abs(value)) + 1e-12);
  if (exponent >= 7 || exponent < -4) {
    const [mantissa, power] = value.toExponential(2).split("e");
    return `${mantissa}e${power[0]}${power.slice(1).padStart(2, "0")}`;
  }
  const digits = Math.max(0, 2 - exponent);
  return Number(value.toPrecision(3)).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export const count = (value) => (value === null || value === undefined ? ABSENT : Math.round(value).toLocaleString("en-US"));

export function share(value) {
  if (value === null || value === undefined) return ABSENT;
  const percent = 100 * value;
  if (percent > 0 && percent < 0.05) return "<0.1%";
  if (percent >= 99.5 && percent < 100) return ">99%";
  return percent === 0 || percent >= 9.95 ? `${percent.toFixed(0)}%` : `${percent.toFixed(1)}%`;
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return ABSENT;
  for (const [limit, unit, size] of [[100, "s", 1], [6000, "min", 60], [360000, "h", 3600]]) {
    if (seconds < limit) return seconds / size < 10 ? `${number(seconds / size)} ${unit}` : `${(seconds / size).toFixed(0)} ${unit}`;
  }
  return `${number(seconds / 86400)} days`;
}

export function interval(low, high, render = number) {
  return low === null || low === undefined || high === null || high === undefined ? "" : `[${render(low)}, ${render(high)}]`;
}

export const plural = (n, noun) => `${count(n)} ${noun}${n === 1 ? "" : "s"}`;

// A tick's text: 2e-4, 12,000, 0.5.
export function tick(value) {
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6)) {
    const [mantissa, power] = value.toExponential(1).split("e");
    return `${mantissa.replace(/\.0$/, "")}e${Number(power)}`;
  }
  return Number(value.toPrecision(6)).toLocaleString("en-US", { maximumFractionDigits: 6 });
}
