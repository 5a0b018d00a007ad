/** The texts on a page whose contrast is below 4.5:1 (WCAG 2.2, 1.4.3), measured in the browser. */
(() => {
  const channels = (color) => color.match(/[\d.]+/g)?.map(Number) ?? [];
  const luminance = (color) => {
    const [r = 0, g = 0, b = 0] = channels(color).map((value) => {
      const part = value / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    const alpha = channels(color)[3] ?? 1;
    return alpha > 0 || !element.parentElement ? color : ground(element.parentElement);
  };
  return [...document.querySelectorAll("body *")].flatMap((element) => {
    const ownText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim());
    if (!ownText || !element.checkVisibility()) return [];
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    return ratio < 4.5 ? [`${element.tagName} ${element.textContent?.trim()} ${ratio.toFixed(2)}`] : [];
  });
})();
