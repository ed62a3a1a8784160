/* Logs: scroll to the wanted line, and keep the reader's place in a log that grows. */
(() => {
  "use strict";
  const $ = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const topIn = (line, box) => line.getBoundingClientRect().top - box.getBoundingClientRect().top;

  /* In a log that is followed the end is at 0, and what is further up below 0. */
  const isReadingBack = (box) => box.scrollTop < -20;

  const showLine = ({ movesPage }) => {
    const line = $(".log li.current");
    if (!line) return;
    const box = line.closest(".log");
    box.scrollTop += topIn(line, box) - box.clientHeight / 3;
    if (movesPage) line.scrollIntoView({ block: "nearest" });
  };

  if (location.hash.startsWith("#L") || new URLSearchParams(location.search).has("q")) showLine({ movesPage: true });
  else showLine({ movesPage: false });

  /* A part that polls is replaced: the first line in view, by its number, stays where it was. */
  let places = [];
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!event.detail.requestConfig.elt.matches("[data-poll]")) return;
    places = all(".log", event.detail.target).filter(isReadingBack).flatMap((box) => {
      const line = all("li", box).find((each) => topIn(each, box) >= 0);
      return line ? [{ id: line.id, top: topIn(line, box) }] : [];
    });
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const { elt, requestConfig } = event.detail;
    const isPoll = requestConfig?.elt.matches("[data-poll]");
    if (!isPoll && elt.id === "log") showLine({ movesPage: requestConfig?.elt.id !== "log" });
    for (const { id, top } of places) {
      const line = document.getElementById(id);
      const box = line?.closest(".log");
      if (box) box.scrollTop += topIn(line, box) - top;
    }
    places = [];
  });

  const markPaused = (box) => box.closest("#log")?.classList.toggle("paused", isReadingBack(box));
  document.addEventListener("scroll", (event) => {
    if (event.target instanceof Element && event.target.matches(".log.follows")) markPaused(event.target);
  }, true);
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("[data-log-end]") && $(".log.follows");
    if (box) box.scrollTop = 0;
  });
})();
