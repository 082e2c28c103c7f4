using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Data.Layouts;

/// <summary>Reads boxes of a folder of Pascal VOC annotations: one XML file an image.</summary>
public static class VocReader
{
    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
    };

    /// <summary>Reads a folder.</summary>
    /// <param name="folder">The folder with the XML files, not its sub-folders.</param>
    /// <returns>
    /// Labels in the order of their names; images in the order of their annotation files. Corners count from 1 and belong to
    /// the box, as VOC has it; those that step outside by a pixel, because a tool counted from 0, are taken back. Boxes that
    /// make no sense stay as they are; <see cref="LayoutDataset.Filter"/> removes those without area.
    /// </returns>
    /// <exception cref="UserInputException">The folder is missing or has no annotations, or one of them is of another form.</exception>
    public static LayoutDataset Read(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new UserInputException($"The folder {folder} does not exist. Check the path.");
        }

        var files = Directory.GetFiles(folder, "*.xml");
        Array.Sort(files, StringComparer.Ordinal);
        if (files.Length == 0)
        {
            throw new UserInputException($"The folder {folder} holds no VOC annotations (*.xml). Check the path.");
        }

        var layouts = Array.ConvertAll(files, ReadFile);
        var labels = layouts
            .SelectMany(l => l.Objects)
            .Select(o => o.Label)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);
        return new LayoutDataset([.. labels], layouts);
    }

    /// <summary>Reads one annotation.</summary>
    /// <exception cref="UserInputException">The file is damaged or of another form.</exception>
    public static Layout ReadFile(string path)
    {
        var root = Load(path);
        var size = root.Element("size");
        var (width, height) = (Number(size, "width", path), Number(size, "height", path));
        if (width < 1 || height < 1)
        {
            throw new UserInputException($"VOC annotation \"{path}\" gives its image no size. Correct <size>.");
        }

        var objects = root.Elements("object").Select(o => ReadObject(o, path, width, height));
        var name = root.Element("filename")?.Value ?? Path.GetFileNameWithoutExtension(path);
        return new Layout(name, (int)width, (int)height, [.. objects]);
    }

    /// <summary>Whether a file is a VOC annotation, or too damaged to tell.</summary>
    internal static bool MayBeAnnotation(string path)
    {
        try
        {
            using var reader = XmlReader.Create(path, Settings);
            return reader.MoveToContent() == XmlNodeType.Element && reader.Name == "annotation";
        }
        catch (XmlException)
        {
            return true;
        }
    }

    private static XElement Load(string path)
    {
        try
        {
            using var reader = XmlReader.Create(path, Settings);
            var root = XElement.Load(reader);
            return root.Name == "annotation"
                ? root
                : throw new UserInputException($"\"{path}\" is no VOC annotation: its root is <{root.Name}>.");
        }
        catch (XmlException e)
        {
            throw new UserInputException($"\"{path}\" line {e.LineNumber} is not valid XML. Copy or make it again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserInputException($"VOC annotation \"{path}\" cannot be read: {e.Message}", e);
        }
    }

    private static LayoutObject ReadObject(XElement element, string path, double width, double height)
    {
        var label = element.Element("name")?.Value.Trim();
        if (string.IsNullOrEmpty(label))
        {
            throw new UserInputException($"An object of VOC annotation \"{path}\" has no <name>. Add it.");
        }

        var box = element.Element("bndbox");
        var (left, right) = (
            TakenBack(Number(box, "xmin", path) - 1, width),
            TakenBack(Number(box, "xmax", path), width)
        );
        var (top, bottom) = (
            TakenBack(Number(box, "ymin", path) - 1, height),
            TakenBack(Number(box, "ymax", path), height)
        );
        return new LayoutObject(
            label,
            new RelativeBox(left / width, top / height, (right - left) / width, (bottom - top) / height),
            element.Element("occluded")?.Value.Trim() == "1" ? ObjectTraits.Occluded : ObjectTraits.None
        );
    }

    private static double TakenBack(double position, double size) =>
        position >= -1 && position <= size + 1 ? Math.Clamp(position, 0, size) : position;

    private static double Number(XElement? parent, string name, string path) =>
        double.TryParse(parent?.Element(name)?.Value, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new UserInputException($"VOC annotation \"{path}\" has no number <{name}>. Correct it.");
}
