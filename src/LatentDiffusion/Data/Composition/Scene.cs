using LatentDiffusion.Data.Layouts;
using LatentDiffusion.Data.SemanticMaps;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data.Composition;

/// <summary>A composed image and all that is known of it.</summary>
/// <param name="Image">The image.</param>
/// <param name="Layout">The objects, from back to front, with the boxes of what is seen of them.</param>
/// <param name="Map">0 for the ground, else 1 + the class's position.</param>
/// <param name="Caption">A sentence that names the objects.</param>
public sealed record Scene(RgbImage Image, Layout Layout, LabelMap Map, string Caption);
