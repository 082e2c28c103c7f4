using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data.SemanticMaps;

/// <summary>An image and its label map, of one size.</summary>
/// <param name="Image">The image.</param>
/// <param name="Map">The class of each of its pixels.</param>
public sealed record MappedImage(RgbImage Image, LabelMap Map);

/// <summary>
/// Images in one folder and their label maps, under the same names but for the ending, in another. Files are read when asked
/// for.
/// </summary>
public sealed class SemanticMapSource
{
    private readonly IImageSource _images;
    private readonly string[] _maps;

    private SemanticMapSource(IImageSource images, string[] maps, LabelSet labels)
    {
        _images = images;
        _maps = maps;
        Labels = labels;
    }

    /// <summary>How many pairs there are, at least 1.</summary>
    public int Count => _maps.Length;

    /// <summary>The classes.</summary>
    public LabelSet Labels { get; }

    /// <summary>The images alone.</summary>
    public IImageSource Images => _images;

    /// <summary>Finds the pairs of two folders.</summary>
    /// <param name="images">Folder of images, with sub-folders.</param>
    /// <param name="maps">Folder of maps with the same sub-folders.</param>
    /// <param name="labels">The classes; null reads <c>labels.txt</c> in the folder of maps or the folder above it.</param>
    /// <exception cref="UserInputException">A folder or a map is missing, or there is no list of labels.</exception>
    public static SemanticMapSource Open(string images, string maps, LabelSet? labels = null) =>
        Open(ImageFolderSource.Open(images), maps, labels);

    /// <summary>Finds the maps of images.</summary>
    /// <param name="images">The images.</param>
    /// <param name="maps">Folder of maps with the same sub-folders.</param>
    /// <param name="labels">The classes; null reads <c>labels.txt</c> in the folder of maps or the folder above it.</param>
    /// <exception cref="UserInputException">A folder or a map is missing, or there is no list of labels.</exception>
    public static SemanticMapSource Open(IImageSource images, string maps, LabelSet? labels = null)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (!Directory.Exists(maps))
        {
            throw new UserInputException($"Folder of label maps \"{maps}\" does not exist. Check the path.");
        }

        var found = new string[images.Count];
        for (var i = 0; i < found.Length; i++)
        {
            var name = images.Describe(i).Name;
            found[i] =
                ImageSignature
                    .Extensions.Select(e => Path.Combine(maps, Path.ChangeExtension(name, e)))
                    .FirstOrDefault(File.Exists)
                ?? throw new UserInputException(
                    $"Image \"{name}\" has no label map {Path.ChangeExtension(name, ".png")} in \"{maps}\". Add it or "
                        + "remove the image."
                );
        }

        return new SemanticMapSource(images, found, labels ?? LabelsOf(maps));
    }

    /// <summary>Decodes pair <paramref name="index"/>.</summary>
    /// <exception cref="UserInputException">A file cannot be read, the sizes differ, or a value belongs to no class.</exception>
    public MappedImage Read(int index)
    {
        var name = _images.Describe(index).Name;
        var image = ImageDecoder.Decode(_images.Read(index), name);
        var map = ReadMap(index);
        return (image.Width, image.Height) == (map.Width, map.Height)
            ? new MappedImage(image, map)
            : throw new UserInputException(
                $"Label map \"{_maps[index]}\" has {map.Width}x{map.Height} pixels, its image \"{name}\" "
                    + $"{image.Width}x{image.Height}. Make them equal."
            );
    }

    /// <summary>The map of pair <paramref name="index"/> alone.</summary>
    /// <exception cref="UserInputException">The file cannot be read, or a value belongs to no class.</exception>
    public LabelMap ReadMap(int index) => Labels.ReadMap(_maps[index]);

    private static LabelSet LabelsOf(string maps)
    {
        var path = new[] { maps, Path.GetDirectoryName(Path.GetFullPath(maps)) ?? maps }
            .Select(folder => Path.Combine(folder, LabelSet.FileName))
            .FirstOrDefault(File.Exists);
        return path is not null
            ? LabelSet.Read(path)
            : throw new UserInputException(
                $"There is no {LabelSet.FileName} in \"{maps}\" or above it. Write one: a label a line, in the order of ids."
            );
    }
}
