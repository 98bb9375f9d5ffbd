// Tables that the page came with: a click on a header sorts by its column; without this the table reads the same.
export function makeSortable(table) {
  const body = table.tBodies[0];
  table.tHead.querySelectorAll("th").forEach((head, column) => {
    // Not a button element: on paper Chromium repeats no head that holds one.
    const button = document.createElement("span");
    button.setAttribute("role", "button");
    button.tabIndex = 0;
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      button.click();
    });
    button.addEventListener("click", () => {
      const numeric = head.classList.contains("num");
      const ascending = head.getAttribute("aria-sort") !== "ascending";
      const key = ({ cells }) => cells[column].dataset.sort ?? cells[column].textContent;
      const number = (text) => (text === "inf" ? Infinity : text === "-inf" ? -Infinity : Number(text));
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === "" || y === "") return (x === "") - (y === ""); // absent ones stay last
        const order = numeric ? number(x) - number(y) || 0 : x.localeCompare(y, "en", { numeric: true });
        return ascending ? order : -order;
      });
      table.tHead.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      body.append(...rows);
    });
  });
}
