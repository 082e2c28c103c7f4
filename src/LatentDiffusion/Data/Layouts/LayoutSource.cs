using LatentDiffusion.Errors;
using LatentDiffusion.Imaging;

namespace LatentDiffusion.Data.Layouts;

/// <summary>The layouts of a source's images.</summary>
public sealed class LayoutSource
{
    private readonly Layout[] _layouts;
    private readonly IImageSource _images;

    private LayoutSource(IReadOnlyList<string> labels, Layout[] layouts, IImageSource images) =>
        (Labels, _layouts, _images) = (labels, layouts, images);

    /// <summary>Class names in the order of their ids.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>The layout of image <paramref name="index"/>.</summary>
    public Layout this[int index] => _layouts[index];

    /// <summary>Finds the layouts of images.</summary>
    /// <param name="path">
    /// COCO's annotations (<c>.json</c>), OpenImages' table of boxes (<c>.csv</c>, with <c>class-descriptions*.csv</c> beside
    /// it for names), a folder of Pascal VOC annotations (<c>.xml</c>), or a folder of <see cref="LayoutFile"/>s.
    /// </param>
    /// <param name="images">The images; a layout belongs to the image of the same name, endings and folders aside.</param>
    /// <exception cref="UserInputException">Annotations are missing or wrong, or an image has none.</exception>
    public static LayoutSource Open(string path, IImageSource images)
    {
        ArgumentNullException.ThrowIfNull(images);
        var found = Read(path);
        var byName = found
            .Layouts.Where(layout => layout.Image is not null)
            .GroupBy(layout => Key(layout.Image!), StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);
        var layouts = new Layout[images.Count];
        for (var i = 0; i < layouts.Length; i++)
        {
            var name = images.Describe(i).Name;
            layouts[i] = byName.TryGetValue(Key(name), out var layout)
                ? layout
                : throw new UserInputException(
                    $"Image \"{name}\" has no layout in \"{path}\". Add one, of no objects if it shows none, or remove "
                        + "the image."
                );
        }

        return new LayoutSource(found.Labels, layouts, images);
    }

    /// <summary>Width and height of image <paramref name="index"/>, which boxes are shares of.</summary>
    /// <exception cref="UserInputException">The annotations do not tell, and the image cannot be read.</exception>
    public (int Width, int Height) SizeOf(int index)
    {
        if (_layouts[index] is { Width: { } width, Height: { } height })
        {
            return (width, height);
        }

        var header = ImageDecoder.ReadHeader(_images.Read(index), _images.Describe(index).Name);
        return (header.Width, header.Height);
    }

    private static LayoutDataset Read(string path)
    {
        if (Directory.Exists(path))
        {
            return Directory.EnumerateFiles(path, "*.xml").Any() ? VocReader.Read(path) : ReadFiles(path);
        }

        if (!File.Exists(path))
        {
            throw new UserInputException($"There is no file or folder of layouts at \"{path}\". Check the path.");
        }

        return Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".json" => CocoReader.Read(path),
            ".csv" => OpenImagesReader.Read(path, DescriptionsBeside(path)),
            _ => throw new UserInputException(
                $"\"{path}\" holds no layouts: give COCO's .json, OpenImages' .csv, or a folder of .xml or .json files."
            ),
        };
    }

    private static LayoutDataset ReadFiles(string folder)
    {
        var files = Directory.GetFiles(folder, "*.json");
        Array.Sort(files, StringComparer.Ordinal);
        if (files.Length == 0)
        {
            throw new UserInputException(
                $"The folder \"{folder}\" holds no layouts (*.json or *.xml). Check the path."
            );
        }

        var layouts = Array.ConvertAll(
            files,
            file => LayoutFile.Read(file, maxObjects: int.MaxValue) with { Image = Path.GetFileName(file) }
        );
        var labels = layouts.SelectMany(l => l.Objects).Select(o => o.Label).Distinct(StringComparer.Ordinal);
        return new LayoutDataset([.. labels.Order(StringComparer.Ordinal)], layouts);
    }

    private static string? DescriptionsBeside(string path) =>
        Directory
            .EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(path))!, "class-descriptions*.csv")
            .Order(StringComparer.Ordinal)
            .FirstOrDefault();

    private static string Key(string name) => Path.GetFileNameWithoutExtension(name.Replace('\\', '/'));
}
