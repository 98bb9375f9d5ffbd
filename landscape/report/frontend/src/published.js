// A page of published tables: its tables sort, and the ledger's rows can be filtered.
import { makeFiltered } from "./row_filters.js";
import { makeSortable } from "./tables.js";

document.documentElement.classList.add("scripted");
document.querySelectorAll("table.sortable").forEach(makeSortable);
document.querySelectorAll(".filters").forEach(makeFiltered);
