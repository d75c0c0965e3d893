// Shows the words of a point where the pointer is. Without this script, they are its title.
(() => {
  const box = document.createElement("div");
  box.id = "words";
  box.hidden = true;
  document.body.append(box);
  for (const title of document.querySelectorAll(".points title")) {
    title.parentNode.dataset.words = title.textContent;
    title.remove();
  }
  const show = (event) => {
    const words = event.target.dataset?.words;
    box.hidden = !words;
    if (!words) return;
    box.textContent = words;
    const right = scrollX + document.documentElement.clientWidth - box.offsetWidth - 8;
    box.style.left = `${Math.max(0, Math.min(event.pageX + 12, right))}px`;
    box.style.top = `${event.pageY + 14}px`;
  };
  // a touch has no pointer that moves over
  for (const name of ["pointerover", "pointerdown"]) document.addEventListener(name, show);
})();
