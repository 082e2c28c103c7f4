using LatentDiffusion.Randomness;

namespace LatentDiffusion.Data.Annotations;

/// <summary>Chooses among the captions of every image, anew in every epoch, each as likely as the others.</summary>
/// <param name="images">The images with their captions.</param>
public sealed class CaptionAnnotator(IImageSource images) : IImageAnnotator
{
    // "CAPT".
    private const long Purpose = 0x43415054;

    /// <inheritdoc/>
    public ImageAnnotations Annotate(ImageAnnotations annotations, TransformedImage image)
    {
        ArgumentNullException.ThrowIfNull(annotations);
        ArgumentNullException.ThrowIfNull(image);
        var record = images.Describe(image.Index);
        string[] captions =
        [
            .. record.Caption is { Length: > 0 } first ? [first] : (string[])[],
            .. record.OtherCaptions,
        ];
        return captions.Length == 0
            ? annotations
            : annotations with
            {
                Caption = new RandomStream(DerivedSeed.Of(image.Seed, Purpose)).Choice(captions),
            };
    }
}
