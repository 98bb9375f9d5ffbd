// A choice above a table for each of some columns: rows that differ from what is chosen are hidden; without this every row is shown.
export function makeFiltered(place) {
  const table = document.getElementById(place.dataset.table);
  if (!table) return;
  const rows = [...table.tBodies[0].rows];
  const columns = place.dataset.columns.split(" ").filter(Boolean).map(Number);
  const choices = columns.map((column) => {
    const label = document.createElement("label");
    const select = document.createElement("select");
    const values = [...new Set(rows.map((row) => row.cells[column].textContent.trim()))].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    select.append(new Option("all", ""), ...values.map((value) => new Option(value, value)));
    label.append(table.tHead.rows[0].cells[column].textContent.trim() + " ", select, " ");
    place.append(label);
    return [column, select];
  });
  const shown = document.createElement("output");
  place.append(shown);
  const apply = () => {
    let count = 0;
    for (const row of rows) {
      row.hidden = choices.some(([column, select]) => select.value && row.cells[column].textContent.trim() !== select.value);
      count += !row.hidden;
    }
    shown.textContent = `${count} of ${rows.length} rows`;
  };
  choices.forEach(([, select]) => select.addEventListener("change", apply));
  apply();
}
